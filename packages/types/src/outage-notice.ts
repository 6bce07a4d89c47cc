/**
 * Decides when a failure is worth a log line: at its first sight, at each new cause, and once a minute while it lasts.
 * Causes that differ in what they quote, in long numbers, decimals or ids alone are one, and of however many new ones
 * `CAUSES_MAX` are told in a minute: what the venue writes into its answers must not fill the log. Several that fail together may share it, so that an outage is told once and not by each of them.
 */
export class OutageNotice {
  /** When each cause was last said, the longest silent first. */
  readonly #saidAtMs = new Map<string, number>();
  #isOut = false;
  #unsaid = 0;

  /** Whether to say this cause now; `unsaid` failures were passed over in silence before it. */
  failed(cause: string, nowMs: number): { say: boolean; unsaid: number } {
    this.#forgetSaidLongAgo(nowMs);
    const kind = withoutValues(cause);
    if (this.#saidAtMs.has(kind) || this.#saidAtMs.size >= CAUSES_MAX) {
      this.#unsaid += 1;
      return { say: false, unsaid: this.#unsaid };
    }
    this.#saidAtMs.set(kind, nowMs);
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

  #forgetSaidLongAgo(nowMs: number): void {
    for (const [kind, saidAtMs] of this.#saidAtMs) {
      if (nowMs - saidAtMs < SAY_AGAIN_AFTER_MS) break;
      this.#saidAtMs.delete(kind);
    }
  }
}

/** A status such as 503 stays: it is a cause of its own. A quotation that was cut has no end. */
function withoutValues(cause: string): string {
  return cause
    .replace(/"[^"]*("|$)/g, '"…"')
    .replace(/\b(?:0x)?[0-9a-f-]*\d[0-9a-f-]{3,}\b|\d+\.\d+|the number \S+/gi, '#');
}

const SAY_AGAIN_AFTER_MS = 60_000;
const CAUSES_MAX = 32;
