import { LoadOrderLog } from '../load/load-order-log.ts';
import { LedgerOutgrownError, VenueSimStartError } from '../venue-sim-errors.ts';
import { LedgerFile } from './ledger-file.ts';
import type { TruthTrade } from './truth-trade.ts';

/**
 * Every trade that the venue executed, in order: the truth that a recorder is measured against.
 *
 * It keeps the latest `LEDGER_TRADES_MAX` in memory. Beyond that, a ledger with a file still has all trades; without one,
 * `entries` refuses to answer instead of returning a part. The orders of the load are held apart and much smaller; they come
 * after all others, in memory and in the file, which gets them when trading stops.
 */
export class TruthLedger implements AsyncDisposable {
  #entries: TruthTrade[] = [];
  #executed = 0;
  #subscribed = 0;
  /** Number of the load's first order that is not in the file. */
  #loadWritten = 0;
  readonly #file: LedgerFile | null;
  readonly #tradesMax: number;
  readonly #load: LoadOrderLog;

  private constructor(file: LedgerFile | null, { tradesMax, load }: Required<LedgerOptions>) {
    this.#file = file;
    this.#tradesMax = tradesMax;
    this.#load = load;
  }

  /** @throws {VenueSimStartError} The file cannot be written. */
  static async open(
    path: string | null,
    { tradesMax = LEDGER_TRADES_MAX, load = new LoadOrderLog('') }: LedgerOptions = {},
  ): Promise<TruthLedger> {
    try {
      return new TruthLedger(path === null ? null : await LedgerFile.create(path), { tradesMax, load });
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
    return this.#executed + this.#load.fills.executed;
  }

  /** Executed trades in tokens whose book had been sent to somebody. */
  get subscribed(): number {
    return this.#subscribed + this.#load.fills.subscribed;
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
    if (this.#entries.length < this.#executed || this.#load.outgrown) {
      throw new LedgerOutgrownError(this.path, this.#tradesMax);
    }
    return this.#load.length === 0 ? this.#entries : [...this.#entries, ...this.#load.trades()];
  }

  /** The ledger as JSON lines, from memory or from the file. */
  async *lines(): AsyncGenerator<string> {
    if (this.#entries.length < this.#executed && this.#file !== null) {
      await this.flush();
      yield* this.#file.read();
      return;
    }
    yield* textOf(this.entries());
  }

  /** Resolves when all lines so far are in the file. @throws {LedgerWriteError} The file cannot be written. */
  async flush(): Promise<void> {
    const file = this.#file;
    if (file === null) return;
    const from = this.#loadWritten;
    this.#loadWritten = this.#load.length;
    for (const text of textOf(this.#load.trades(from))) {
      file.add(text);
      await file.written();
    }
    await file.written();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.[Symbol.asyncDispose]();
  }
}

/** JSON lines, many in one text. */
function* textOf(trades: Iterable<TruthTrade>): Generator<string> {
  let text = '';
  for (const trade of trades) {
    text += `${JSON.stringify(trade)}\n`;
    if (text.length < TEXT_LENGTH) continue;
    yield text;
    text = '';
  }
  if (text !== '') yield text;
}

/** `load`: the orders of the load, which are added to it directly. */
type LedgerOptions = { tradesMax?: number; load?: LoadOrderLog };

/** About 300 bytes each. */
const LEDGER_TRADES_MAX = 1_000_000;
const TEXT_LENGTH = 256 * 1024;
