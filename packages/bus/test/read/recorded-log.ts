import type { Log } from '@polytape/resilience';

export type LogEntry = { level: keyof Log; fields: object; sentence: string };

/** A log that keeps its entries, and whose entries can be awaited. */
export class RecordedLog implements Log {
  readonly entries: LogEntry[] = [];
  #waiters: { pattern: RegExp; resolve: (entry: LogEntry) => void }[] = [];

  debug(fields: object, sentence: string): void {
    this.#add({ level: 'debug', fields, sentence });
  }

  info(fields: object, sentence: string): void {
    this.#add({ level: 'info', fields, sentence });
  }

  warn(fields: object, sentence: string): void {
    this.#add({ level: 'warn', fields, sentence });
  }

  error(fields: object, sentence: string): void {
    this.#add({ level: 'error', fields, sentence });
  }

  /** The first entry that matches, now or later. */
  said(pattern: RegExp): Promise<LogEntry> {
    const said = this.entries.find(({ sentence }) => pattern.test(sentence));
    if (said !== undefined) return Promise.resolve(said);
    return new Promise((resolve) => this.#waiters.push({ pattern, resolve }));
  }

  /** Matching entries at the levels that an operator sees. */
  count(pattern: RegExp): number {
    return this.entries.filter(({ level, sentence }) => level !== 'debug' && pattern.test(sentence)).length;
  }

  /** All entries with their fields, as one text. */
  get text(): string {
    return this.entries.map((entry) => `${entry.sentence} ${JSON.stringify(entry.fields)}`).join('\n');
  }

  #add(entry: LogEntry): void {
    this.entries.push(entry);
    const isMet = ({ pattern }: { pattern: RegExp }) => pattern.test(entry.sentence);
    for (const waiter of this.#waiters.filter(isMet)) waiter.resolve(entry);
    this.#waiters = this.#waiters.filter((waiter) => !isMet(waiter));
  }
}
