import type { Bus } from '@polytape/bus';
import type { ClobClient } from '@polytape/polymarket';
import { FailureLog, rest, WakeUp } from '@polytape/resilience';
import { errorSentence, type Logger } from '@polytape/service';
import { type IngestorPresence, presenceFault, type Shard } from '@polytape/types';
import { findBooks } from '../markets/find-books.ts';
import type { SchedulerCounters } from '../scheduler-counters.ts';
import { missingTokens, oversizedShards } from './ingestor-reports.ts';
import { MisplacedMarkets } from './misplaced-markets.ts';
import type { PlanKeeper } from './plan-keeper.ts';

export type MissingTokensFollowerOptions = {
  bus: Bus;
  clob: Pick<ClobClient, 'books'>;
  plan: { readonly shards: ReadonlyMap<number, Shard> };
  keeper: Pick<PlanKeeper, 'move'>;
  counters: SchedulerCounters;
  log: Logger;
};

/**
 * Watches what the ingestors' connections do not serve, and has it moved to another shard:
 *
 * - tokens without a first book, if the CLOB has a book of them; while the CLOB cannot be asked nothing is moved;
 * - half of a shard whose first books exceed the ingestors' frame limit.
 */
export class MissingTokensFollower {
  readonly #o: MissingTokensFollowerOptions;
  readonly #markets = new MisplacedMarkets(LIMITS);
  readonly #failures: FailureLog;

  constructor(options: MissingTokensFollowerOptions) {
    this.#o = options;
    this.#failures = new FailureLog(options.log);
  }

  /** Planned tokens for which the venue has no book. */
  get bookless(): number {
    return this.#markets.bookless;
  }

  /** Follows until `signal` aborts. @throws {TermOverError} */
  async run(signal: AbortSignal): Promise<void> {
    const bucket = await this.#o.bus.kv<IngestorPresence>('ingestors', presenceFault);
    await using view = bucket.view({ signal });
    const wakeUp = new WakeUp();
    view.onChange(() => wakeUp.wake());
    await view.ready.catch(() => {}); // stopped: the loop sees it
    while (!signal.aborted) {
      try {
        await this.#round(
          [...view.entries()].map(([, { value }]) => value),
          signal,
        );
      } catch (error) {
        if (!signal.aborted) throw error;
        return; // stopped in the middle of a round
      }
      // Every ingestor writes its key every few seconds, also when nothing is missing.
      await rest(REST_MS, signal);
      await wakeUp.wait(LOOK_INTERVAL_MS, signal);
    }
  }

  async #round(presences: readonly IngestorPresence[], signal: AbortSignal): Promise<void> {
    const { plan, keeper, counters, log } = this.#o;
    const { shards } = plan;
    const nowMs = performance.now();
    this.#markets.forgetOthersThan(shards);
    const missing = missingTokens(presences, shards);
    const tokenIds = this.#markets.toAskFor(missing, shards, nowMs);
    const withBook = tokenIds.length === 0 ? new Set<string>() : await this.#booksOf(tokenIds, signal);
    const misplaced = this.#markets.misplaced(missing, withBook, shards);
    const oversized = oversizedShards(presences, shards);
    for (const number of oversized) {
      const half = this.#markets.half(number, shards);
      if (half !== null) misplaced.set(number, half);
    }
    if (misplaced.size === 0 || signal.aborted) return;
    const moved = await keeper.move(misplaced, signal);
    this.#markets.moved(moved, nowMs);
    counters.marketsMoved += moved.length;
    for (const number of new Set(moved.map(({ from }) => from))) {
      const to = [...new Set(moved.filter(({ from }) => from === number).map((move) => move.to))];
      const markets = moved.filter(({ from }) => from === number).length;
      const tokensTarget = plan.shards.get(number)?.tokensTarget;
      const cause = oversized.has(number)
        ? `The first books of shard ${number} exceed the frame limit of the ingestors`
        : `The venue does not serve all tokens of shard ${number}`;
      log.warn(
        { shard: number, markets, to, tokensTarget },
        `${cause}: moved ${markets} markets to shard ${to.join(', ')}. The target of shard ${number} is ${tokensTarget ?? 0} tokens from now on.`,
      );
    }
  }

  /** Those of the tokens that have a book at the venue. A later round asks again for tokens without an answer. */
  async #booksOf(tokenIds: readonly string[], signal: AbortSignal): Promise<Set<string>> {
    const { clob, log } = this.#o;
    const { withBook, without, failure } = await findBooks(clob, tokenIds, signal);
    const tokens = this.#markets.answered({ withBook: withBook.keys(), without }, performance.now());
    if (tokens > 0) {
      log.info({ tokens }, `The venue has no book for ${tokens} of the missing tokens. They stay where they are.`);
    }
    if (failure === null) this.#failures.recovered({}, 'The CLOB is answering queries about missing books again.');
    else {
      const cause = errorSentence(failure);
      this.#failures.failed(
        cause,
        {},
        `Cannot ask the CLOB for missing books: ${cause}. Their markets stay where they are until it answers.`,
      );
    }
    return new Set(withBook.keys());
  }
}

const LIMITS = { askedMax: 1_000, booklessMax: 50_000, booklessMs: 30 * 60_000, movesMax: 20_000, restMs: 2 * 60_000 };
const LOOK_INTERVAL_MS = 10_000;
const REST_MS = 1_000;
