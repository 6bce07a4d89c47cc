import type { Log } from '@polytape/types';

/**
 * Says a lasting trouble in the log at once, then at most every 30 s while it lasts, so that neither silence nor a
 * flood hides it; and that it is over, once.
 */
export class Trouble {
  readonly #log: Log;
  readonly #level: 'warn' | 'error';
  #toldAtMs: number | null = null;

  constructor(log: Log, level: 'warn' | 'error' = 'warn') {
    this.#log = log;
    this.#level = level;
  }

  tell(fields: object, sentence: string): void {
    const nowMs = performance.now();
    if (this.#toldAtMs !== null && nowMs - this.#toldAtMs < REPEAT_MS) return;
    this.#toldAtMs = nowMs;
    this.#log[this.#level](fields, sentence);
  }

  /** Says `sentence` when the trouble had been told; otherwise nothing. */
  over(fields: object, sentence: string): void {
    if (this.#toldAtMs === null) return;
    this.#toldAtMs = null;
    this.#log.info(fields, sentence);
  }
}

const REPEAT_MS = 30_000;
