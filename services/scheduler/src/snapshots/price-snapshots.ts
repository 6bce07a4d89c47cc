import type { Publisher } from '@polytape/bus';
import type { ClobClient, Quote } from '@polytape/polymarket';
import type { Logger } from '@polytape/service';
import { type Market, type PriceSnapshot, priceMessageId, priceSubject } from '@polytape/types';
import type { JobResult } from '../jobs/job-runner.ts';
import type { LeaderTerm } from '../leadership/leader-term.ts';
import type { MarketRegistry } from '../markets/market-registry.ts';
import { activeTokens } from '../plan/active-tokens.ts';
import { roomIn } from '../plan/room-in.ts';
import type { SchedulerCounters } from '../scheduler-counters.ts';
import { unlessAborted } from '../unless-aborted.ts';
import { BatchTroubles } from './batch-troubles.ts';
import { LastPublished } from './last-published.ts';

export type PriceSnapshotsOptions = {
  clob: Pick<ClobClient, 'quotes'>;
  registry: Pick<MarketRegistry, 'open' | 'volume24h'>;
  publisher: Publisher;
  term: Pick<LeaderTerm, 'throwIfOver'>;
  intervalMs: number;
  /** When this scheduler began to lead, milliseconds since the epoch. */
  termBeganAtMs: number;
  counters: SchedulerCounters;
  log: Logger;
};

/** Reads the prices of all active tokens and publishes those that changed, and every price at least once an hour. */
export class PriceSnapshots {
  readonly #o: PriceSnapshotsOptions;
  readonly #published: LastPublished;
  readonly #troubles: BatchTroubles;

  constructor(options: PriceSnapshotsOptions) {
    this.#o = options;
    const { intervalMs, termBeganAtMs, publisher } = options;
    this.#published = new LastPublished({ refreshMs: REFRESH_MS - intervalMs, termBeganAtMs });
    publisher.onRejected(({ body }) => this.#published.rejected((JSON.parse(body) as PriceSnapshot).tokenId));
    this.#troubles = new BatchTroubles({ log: options.log, job: 'prices' });
  }

  /** Items are the tokens with an answer. @throws as `ClobClient.quotes`; {TermOverError} */
  async round(signal: AbortSignal): Promise<JobResult> {
    const { clob, registry, publisher, term, intervalMs, counters } = this.#o;
    const intervalStartMs = Math.floor(Date.now() / intervalMs) * intervalMs;
    const active = activeTokens(registry.open());
    this.#published.keepOnly(active);
    let items = 0;
    const errors = await this.#troubles.errorsIn(
      clob.quotes([...active.keys()], signal),
      async ({ quotes, unknown }) => {
        term.throwIfOver();
        const seenAtMs = Date.now();
        for (const quote of quotes) {
          const market = active.get(quote.tokenId);
          if (market !== undefined) this.#take(quote, market, intervalStartMs, seenAtMs);
        }
        items += quotes.length;
        counters.pricesUnknown += unknown.length;
        await roomIn(publisher, signal);
      },
    );
    await unlessAborted(publisher.acknowledged(), signal);
    return { items, errors };
  }

  #take(quote: Quote, { conditionId }: Market, intervalStartMs: number, seenAtMs: number): void {
    const { registry, publisher, counters } = this.#o;
    const { tokenId, lastPrice, bestBid, bestAsk, midpoint } = quote;
    // A new volume alone is not a new price.
    const content = [lastPrice, bestBid, bestAsk, midpoint].join(' ');
    if (!this.#published.take(tokenId, content, { intervalStartMs, nowMs: seenAtMs })) return;
    const snapshot: PriceSnapshot = {
      ...quote,
      conditionId,
      intervalStartMs,
      volume24h: registry.volume24h(conditionId),
      seenAtMs,
    };
    counters.pricesPublished += 1;
    publisher.publish({
      subject: priceSubject(snapshot),
      messageId: priceMessageId(snapshot),
      body: JSON.stringify(snapshot),
    });
  }
}

/** An unchanged price is published this often. */
const REFRESH_MS = 60 * 60_000;
