import type { ClobClient } from '@polytape/polymarket';
import type { PriceSnapshot } from '@polytape/types';
import type { JobResult } from '../jobs/job-runner.ts';
import { type SnapshotOptions, SnapshotRounds } from './snapshot-rounds.ts';

export type PriceSnapshotsOptions = SnapshotOptions & { clob: Pick<ClobClient, 'quotes'> };

/** Reads the prices of all active tokens and publishes those that changed, and every price at least once an hour. */
export class PriceSnapshots {
  readonly #o: PriceSnapshotsOptions;
  readonly #rounds: SnapshotRounds<PriceSnapshot>;

  constructor(options: PriceSnapshotsOptions) {
    this.#o = options;
    this.#rounds = new SnapshotRounds(options, { name: 'prices', kind: 'price' });
  }

  /** `items` counts tokens with an answer. @throws as `ClobClient.quotes`; {TermOverError} */
  async round(signal: AbortSignal): Promise<JobResult> {
    const { clob, registry, counters } = this.#o;
    const active = await this.#rounds.activeTokens();
    let items = 0;
    const errors = await this.#rounds.run(
      clob.quotes([...active.keys()], signal),
      ({ quotes, unknown }, times) => {
        for (const quote of quotes) {
          const conditionId = active.get(quote.tokenId)?.conditionId;
          if (conditionId === undefined) continue;
          // A new volume alone is not a new price.
          const content = [quote.lastPrice, quote.bestBid, quote.bestAsk, quote.midpoint].join(' ');
          const snapshot = { ...quote, conditionId, volume24h: registry.volume24h(conditionId), ...times };
          if (this.#rounds.publish(snapshot, content)) counters.pricesPublished += 1;
        }
        items += quotes.length;
        counters.pricesUnknown += unknown.length;
      },
      signal,
    );
    return { items, errors };
  }
}
