import type { Log } from './log.ts';

/**
 * Logs failures that may last or repeat: at first sight, at each new cause, and once a minute while they last, with the
 * number suppressed in between. Suppressed ones go to the debug level. The recovery is logged once.
 *
 * Causes that differ only in quotations, long numbers, decimals or ids are one cause, and a minute has at most `CAUSES_MAX`
 * of them: the venue's answers must not fill the log. Whatever fails together may share one, so that an outage is logged
 * once.
 */
export class FailureLog {
  readonly #log: Log;
  readonly #repeatMs: number;
  /** When each cause was last logged, the oldest first. */
  readonly #loggedAtMs = new Map<string, number>();
  #isFailing = false;
  #suppressed = 0;

  constructor(log: Log, o: { repeatMs?: number } = {}) {
    this.#log = log;
    this.#repeatMs = o.repeatMs ?? REPEAT_MS;
  }

  /** `cause` tells one failure from another; often the message of the error. */
  failed(cause: string, fields: object, sentence: string, level: 'warn' | 'error' = 'warn'): void {
    const nowMs = performance.now();
    this.#forgetBefore(nowMs - this.#repeatMs);
    const kind = withoutValues(cause);
    if (this.#loggedAtMs.has(kind) || this.#loggedAtMs.size >= CAUSES_MAX) {
      this.#suppressed += 1;
      this.#log.debug(fields, sentence);
      return;
    }
    this.#loggedAtMs.set(kind, nowMs);
    this.#isFailing = true;
    this.#log[level](this.#suppressed === 0 ? fields : { ...fields, suppressed: this.#suppressed }, sentence);
    this.#suppressed = 0;
  }

  /** Logs the recovery if a failure was logged since the last one. */
  recovered(fields: object, sentence: string): void {
    if (!this.#isFailing) return;
    this.#isFailing = false;
    this.#log.info(fields, sentence);
  }

  #forgetBefore(atMs: number): void {
    for (const [kind, loggedAtMs] of this.#loggedAtMs) {
      if (loggedAtMs > atMs) break;
      this.#loggedAtMs.delete(kind);
    }
  }
}

/** A status such as 503 stays: it is a cause of its own. A quotation that was cut has no end. */
function withoutValues(cause: string): string {
  return cause
    .replace(/"[^"]*("|$)/g, '"…"')
    .replace(/\b(?:0x)?[0-9a-f-]*\d[0-9a-f-]{3,}\b|\d+\.\d+|the number \S+/gi, '#');
}

const REPEAT_MS = 60_000;
const CAUSES_MAX = 32;
