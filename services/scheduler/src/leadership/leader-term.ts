/**
 * The time for which this scheduler leads. Each renewal extends it. It is over when the lease runs out, when somebody ends
 * it, or when the process is asked to stop.
 */
export class LeaderTerm {
  /** Aborts when the term is over. */
  readonly signal: AbortSignal;
  readonly #leaseMs: number;
  readonly #over = new AbortController();
  #untilMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #endedBecause: string | null = null;

  constructor(stop: AbortSignal, leaseMs: number) {
    this.#leaseMs = leaseMs;
    this.signal = AbortSignal.any([stop, this.#over.signal]);
  }

  /** Why the term is over, in words; null before, and when the process was asked to stop. */
  get endedBecause(): string | null {
    return this.#endedBecause;
  }

  /** `askedAtMs`: when the request that renewed the key was sent, by `performance.now()`. */
  extend(askedAtMs: number): void {
    if (this.signal.aborted) return;
    this.#untilMs = askedAtMs + this.#leaseMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.end(RAN_OUT), Math.max(0, this.#untilMs - performance.now()));
    this.#timer.unref();
  }

  /** Ends the term. Only the first reason is kept. */
  end(because: string): void {
    clearTimeout(this.#timer);
    if (this.signal.aborted) return;
    this.#endedBecause = because;
    this.#over.abort(new TermOverError(because));
  }

  /**
   * Call this before each write. It looks at the clock, because timers are late in a process that was suspended or starved.
   *
   * @throws {TermOverError} or the reason of the stop: this scheduler must not write any more.
   */
  throwIfOver(): void {
    if (performance.now() >= this.#untilMs) this.end(RAN_OUT);
    this.signal.throwIfAborted();
  }
}

/** This scheduler no longer leads. */
export class TermOverError extends Error {
  override readonly name = 'TermOverError';
  readonly disposition = 'retry';

  constructor(because: string) {
    super(`this scheduler no longer leads: ${because}`);
  }
}

const RAN_OUT = 'its key could not be renewed in time';
