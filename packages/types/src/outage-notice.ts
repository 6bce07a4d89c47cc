/**
 * Decides when a failure is worth a log line: at its first sight, at each new cause, and once a minute while it lasts.
 * Several that fail together may share it, so that an outage is told once and not by each of them.
 */
export class OutageNotice {
  /** When each cause was last said, the longest silent first. */
  readonly #saidAtMs = new Map<string, number>();
  #isOut = false;
  #unsaid = 0;

  /** Whether to say this cause now; `unsaid` failures were passed over in silence before it. */
  failed(cause: string, nowMs: number): { say: boolean; unsaid: number } {
    const saidAtMs = this.#saidAtMs.get(cause);
    if (saidAtMs !== undefined && nowMs - saidAtMs < SAY_AGAIN_AFTER_MS) {
      this.#unsaid += 1;
      return { say: false, unsaid: this.#unsaid };
    }
    this.#saidAtMs.delete(cause);
    this.#saidAtMs.set(cause, nowMs);
    for (const oldest of this.#saidAtMs.keys()) {
      if (this.#saidAtMs.size <= CAUSES_MAX) break;
      this.#saidAtMs.delete(oldest);
    }
    const unsaid = this.#unsaid;
    this.#unsaid = 0;
    this.#isOut = true;
    return { say: true, unsaid };
  }

  /** Whether a failure that was said is over now: true once after each outage. */
  recovered(): boolean {
    const wasOut = this.#isOut;
    this.#isOut = false;
    return wasOut;
  }
}

const SAY_AGAIN_AFTER_MS = 60_000;
const CAUSES_MAX = 32;
