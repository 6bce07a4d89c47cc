import { LedgerOutgrownError, VenueSimStartError } from '../venue-sim-errors.ts';
import { LedgerFile } from './ledger-file.ts';
import type { TruthTrade } from './truth-trade.ts';

/**
 * Every trade that the venue executed, in order: the truth that a recorder is measured against.
 *
 * It keeps the latest `LEDGER_TRADES_MAX` in memory. Beyond that, a ledger with a file still has all trades; without one,
 * `entries` refuses to answer instead of returning a part.
 */
export class TruthLedger implements AsyncDisposable {
  #entries: TruthTrade[] = [];
  #executed = 0;
  #subscribed = 0;
  readonly #file: LedgerFile | null;
  readonly #tradesMax: number;

  private constructor(file: LedgerFile | null, tradesMax: number) {
    this.#file = file;
    this.#tradesMax = tradesMax;
  }

  /** @throws {VenueSimStartError} The file cannot be written. */
  static async open(path: string | null, tradesMax = LEDGER_TRADES_MAX): Promise<TruthLedger> {
    try {
      return new TruthLedger(path === null ? null : await LedgerFile.create(path), tradesMax);
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      throw new VenueSimStartError(`cannot write the ledger (${cause})`, 'Choose another file with --ledger.', error);
    }
  }

  add(trade: TruthTrade): void {
    this.#entries.push(trade);
    this.#executed += 1;
    if (trade.subscribed) this.#subscribed += 1;
    this.#file?.add(`${JSON.stringify(trade)}\n`);
    if (this.#entries.length >= this.#tradesMax * 1.25) this.#entries = this.#entries.slice(-this.#tradesMax);
  }

  get executed(): number {
    return this.#executed;
  }

  /** Executed trades in tokens whose book had been sent to somebody. */
  get subscribed(): number {
    return this.#subscribed;
  }

  /** Whether the file cannot keep up, so that trading must wait. */
  get full(): boolean {
    return this.#file?.full ?? false;
  }

  /** Why the file can no longer be written; null without a failure. */
  get failure(): Error | null {
    return this.#file?.failure ?? null;
  }

  get path(): string | null {
    return this.#file?.path ?? null;
  }

  /** @throws {LedgerOutgrownError} The oldest trades are no longer in memory. */
  entries(): readonly TruthTrade[] {
    if (this.#entries.length < this.#executed) throw new LedgerOutgrownError(this.path, this.#tradesMax);
    return this.#entries;
  }

  /** The ledger as JSON lines, from memory or from the file. */
  async *lines(): AsyncGenerator<string> {
    if (this.#entries.length < this.#executed && this.#file !== null) {
      await this.#file.written();
      yield* this.#file.read();
      return;
    }
    const entries = this.entries();
    for (let index = 0; index < entries.length; index += LINES_PER_CHUNK) {
      yield entries
        .slice(index, index + LINES_PER_CHUNK)
        .map((trade) => `${JSON.stringify(trade)}\n`)
        .join('');
    }
  }

  /** Resolves when all lines so far are in the file. @throws {LedgerWriteError} The file cannot be written. */
  async flush(): Promise<void> {
    await this.#file?.written();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.[Symbol.asyncDispose]();
  }
}

/** About 300 bytes each. */
const LEDGER_TRADES_MAX = 1_000_000;
const LINES_PER_CHUNK = 1_000;
