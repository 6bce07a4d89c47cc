/**
 * The time for which this scheduler leads: extended by each renewal, over when the lease has run out, when it was ended,
 * or when the process is asked to stop.
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

  /** Why it was over, in words; null while it is not, and when the process was asked to stop. */
  get endedBecause(): string | null {
    return this.#endedBecause;
  }

  /** The key was renewed by a request that was made at `askedAtMs` (of `performance.now()`). */
  extend(askedAtMs: number): void {
    if (this.signal.aborted) return;
    this.#untilMs = askedAtMs + this.#leaseMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.end(RAN_OUT), Math.max(0, this.#untilMs - performance.now()));
    this.#timer.unref();
  }

  /** The first reason counts. */
  end(because: string): void {
    clearTimeout(this.#timer);
    if (this.signal.aborted) return;
    this.#endedBecause = because;
    this.#over.abort(new TermOverError(because));
  }

  /**
   * To be asked before each write. It looks at the clock, for a process that was stopped or starved has timers that are
   * late.
   *
   * @throws {TermOverError} or the reason of the stop: this scheduler must write no more.
   */
  throwIfOver(): void {
    if (performance.now() >= this.#untilMs) this.end(RAN_OUT);
    this.signal.throwIfAborted();
  }
}

/** This scheduler does not lead any more. */
export class TermOverError extends Error {
  override readonly name = 'TermOverError';
  readonly disposition = 'retry';

  constructor(because: string) {
    super(`this scheduler leads no longer: ${because}`);
  }
}

const RAN_OUT = 'its key could not be renewed in time';
