import type { Log } from '@polytape/types';

/** Logs a lasting failure at once and then at most every 30 s while it lasts, and its end once. */
export class Trouble {
  readonly #log: Log;
  readonly #level: 'warn' | 'error';
  #loggedAtMs: number | null = null;

  constructor(log: Log, level: 'warn' | 'error' = 'warn') {
    this.#log = log;
    this.#level = level;
  }

  tell(fields: object, sentence: string): void {
    const nowMs = performance.now();
    if (this.#loggedAtMs !== null && nowMs - this.#loggedAtMs < REPEAT_MS) return;
    this.#loggedAtMs = nowMs;
    this.#log[this.#level](fields, sentence);
  }

  /** Logs `sentence` if the failure was logged before. */
  over(fields: object, sentence: string): void {
    if (this.#loggedAtMs === null) return;
    this.#loggedAtMs = null;
    this.#log.info(fields, sentence);
  }
}

const REPEAT_MS = 30_000;
