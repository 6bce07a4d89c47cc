import { isDeepStrictEqual } from 'node:util';
import type { Market } from '@polytape/types';

/** A market as the venue describes it, before we count its versions. */
export type MarketDescription = Omit<Market, 'version' | 'seenAtMs' | 'resolution'>;

/** The markets we know, each with the last document that was published of it. */
export class MarketRegistry {
  readonly #markets = new Map<string, Market>();
  /** Those of them that the venue has not called closed. */
  readonly #open = new Map<string, Market>();

  /** Takes a document from the stream: what an earlier leader has published. */
  remember(market: Market): void {
    this.#markets.set(market.conditionId, market);
    if (market.closed) this.#open.delete(market.conditionId);
    else this.#open.set(market.conditionId, market);
  }

  /**
   * The document to publish if the description tells something new, else null. It is known from now on. What the venue
   * says of the settlement is no part of it, and figures alone are nothing new.
   */
  observe(given: MarketDescription & { settlement?: unknown }, nowMs: number): Market | null {
    const { settlement: _settlement, ...description } = given;
    const known = this.#markets.get(description.conditionId);
    if (known !== undefined && isDeepStrictEqual(describe({ ...known, ...figuresOf(description) }), description))
      return null;
    const resolution = known?.resolution ?? null;
    const market: Market = { ...description, resolution, version: (known?.version ?? 0) + 1, seenAtMs: nowMs };
    this.remember(market);
    return market;
  }

  /** Markets that the venue has not called closed. */
  open(): Iterable<Market> {
    return this.#open.values();
  }

  /** What is known of a market; `unknown` when no document of it was ever seen. */
  stateOf(conditionId: string): 'open' | 'ended' | 'unknown' {
    if (this.#open.has(conditionId)) return 'open';
    return this.#markets.has(conditionId) ? 'ended' : 'unknown';
  }

  counts(): { open: number; ended: number } {
    return { open: this.#open.size, ended: this.#markets.size - this.#open.size };
  }

  get size(): number {
    return this.#markets.size;
  }
}

function figuresOf({ volume, volume24h, liquidity }: MarketDescription) {
  return { volume, volume24h, liquidity };
}

function describe(market: Market): MarketDescription {
  const { version: _version, seenAtMs: _seenAtMs, resolution: _resolution, ...description } = market;
  return description;
}
