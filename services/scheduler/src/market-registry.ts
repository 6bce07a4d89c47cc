import { isDeepStrictEqual } from 'node:util';
import type { Market } from '@polytape/types';

/** A market as the venue describes it, before we count its versions. */
export type MarketDescription = Omit<Market, 'version' | 'seenAtMs'>;

/** The markets we know, each with the last document that was published of it. */
export class MarketRegistry {
  readonly #markets = new Map<string, Market>();

  /** Takes a document from the stream: what an earlier run, or another scheduler, has published. */
  remember(market: Market): void {
    this.#markets.set(market.conditionId, market);
  }

  /** The document to publish if the description tells something new, else null. It is known from now on. */
  observe(description: MarketDescription, nowMs: number): Market | null {
    const known = this.#markets.get(description.conditionId);
    if (known !== undefined && isDeepStrictEqual(describe(known), description)) return null;
    const market: Market = { ...description, version: (known?.version ?? 0) + 1, seenAtMs: nowMs };
    this.#markets.set(market.conditionId, market);
    return market;
  }

  /** Markets that the venue has not called closed. */
  *open(): Generator<Market> {
    for (const market of this.#markets.values()) if (!market.closed) yield market;
  }

  get size(): number {
    return this.#markets.size;
  }
}

function describe(market: Market): MarketDescription {
  const { version: _version, seenAtMs: _seenAtMs, ...description } = market;
  return description;
}
