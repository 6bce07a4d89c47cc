import { isDeepStrictEqual } from 'node:util';
import type { Market, MarketResolution, OutcomeKind } from '@polytape/types';
import { marketDigest } from './market-digest.ts';

/** A market as the venue describes it, before we count its versions. */
export type MarketDescription = Omit<Market, 'version' | 'seenAtMs' | 'resolution'>;

/** A document that is to be published, and the names of the fields that differ from the version before. */
export type NewVersion = { market: Market; changed: string[] };

/**
 * The markets we know, each with the last document that was published of it.
 *
 * open -> ended (the venue calls it closed) -> put away (nothing of it is expected to change any more); from anywhere
 * back to open. Of those put away, a growing number, only a digest is kept: enough to see whether a description tells
 * something new. Then the document has to be remembered from the log before it is observed.
 */
export class MarketRegistry {
  readonly #figuresIntervalMs: number;
  readonly #open = new Map<string, Known>();
  readonly #ended = new Map<string, Known>();
  readonly #putAway = new Map<string, string>();
  #closedAtMsMax: number | null = null;
  #seenAtMsMin: number | null = null;

  /** `figuresIntervalMs`: how long volumes and liquidity may be old in a market's document. */
  constructor(options: { figuresIntervalMs: number }) {
    this.#figuresIntervalMs = options.figuresIntervalMs;
  }

  /** Takes a document from the stream: what an earlier leader has published. */
  remember(market: Market): void {
    this.#keep(market, market.volume24h);
  }

  /**
   * The version to publish if the description or the resolution tells something new, else null. It is known from now on.
   * Figures that change all the time (volumes, liquidity) are new only when the last document is old.
   *
   * @throws {Error} The market is put away: it has to be remembered before.
   */
  observe(
    description: MarketDescription,
    o: { nowMs: number; resolution?: MarketResolution | null },
  ): NewVersion | null {
    const { conditionId } = description;
    if (this.isPutAway(conditionId)) throw new Error(`market ${conditionId} was put away and not remembered`);
    const known = this.#known(conditionId);
    const resolution = o.resolution ?? known?.market.resolution ?? null;
    const changed = known === undefined ? [] : this.#differences(known.market, { ...description, resolution }, o.nowMs);
    if (known !== undefined && changed.length === 0 && !known.isRejected) {
      known.volume24h = description.volume24h;
      return null;
    }
    const market: Market = {
      ...description,
      ...{ resolution, version: (known?.market.version ?? 0) + 1, seenAtMs: o.nowMs },
    };
    this.#keep(market, description.volume24h);
    return { market, changed };
  }

  /** The log could not take this version of the document: what is observed next is published whatever it says. */
  rejected({ conditionId, version }: Pick<Market, 'conditionId' | 'version'>): void {
    const known = this.#known(conditionId);
    if (known?.market.version === version) known.isRejected = true;
  }

  /** The last document of a market; null when it is unknown or put away. */
  get(conditionId: string): Market | null {
    return this.#known(conditionId)?.market ?? null;
  }

  /** What the venue says of a market as last seen; null when it is unknown or put away. */
  describe(conditionId: string): MarketDescription | null {
    const known = this.#known(conditionId);
    if (known === undefined) return null;
    const { version: _version, seenAtMs: _seenAtMs, resolution: _resolution, ...description } = known.market;
    return { ...description, volume24h: known.volume24h };
  }

  /** 24 h volume as last seen: the document's own may be some hours old. */
  volume24h(conditionId: string): string | null {
    return this.#known(conditionId)?.volume24h ?? null;
  }

  /** Keeps no more than a digest of a market from now on. */
  putAway(conditionId: string): void {
    const known = this.#ended.get(conditionId);
    if (known === undefined) return;
    this.#ended.delete(conditionId);
    const { resolution } = known.market;
    this.#putAway.set(conditionId, marketDigest(known.market, resolution?.settlement?.outcome ?? null));
  }

  isPutAway(conditionId: string): boolean {
    return this.#putAway.has(conditionId);
  }

  /** Whether a market that is put away is as it is described here, and had this outcome. */
  isAsPutAway(description: MarketDescription, outcome: OutcomeKind | null): boolean {
    return this.#putAway.get(description.conditionId) === marketDigest(description, outcome);
  }

  /** As if it had never been seen: the log does not have it any more. */
  forget(conditionId: string): void {
    for (const markets of [this.#open, this.#ended, this.#putAway]) markets.delete(conditionId);
  }

  /** Markets that the venue has not called closed. */
  *open(): Iterable<Market> {
    for (const { market } of this.#open.values()) yield market;
  }

  /** Markets that it has called closed, without those that are put away. */
  *ended(): Iterable<Market> {
    for (const { market } of this.#ended.values()) yield market;
  }

  /** Ids of those that are put away. */
  putAwayIds(): Iterable<string> {
    return this.#putAway.keys();
  }

  /** What is known of a market; `unknown` when no document of it was ever seen. */
  stateOf(conditionId: string): 'open' | 'ended' | 'unknown' {
    if (this.#open.has(conditionId)) return 'open';
    return this.#ended.has(conditionId) || this.#putAway.has(conditionId) ? 'ended' : 'unknown';
  }

  counts(): { open: number; ended: number } {
    return { open: this.#open.size, ended: this.#ended.size + this.#putAway.size };
  }

  get size(): number {
    return this.#open.size + this.#ended.size + this.#putAway.size;
  }

  /**
   * Until when, by the venue's clock, what closed is known: the last closing, or without any the time of the oldest
   * document; null when there is none.
   */
  get closingsKnownUntilMs(): number | null {
    return this.#closedAtMsMax ?? this.#seenAtMsMin;
  }

  #known(conditionId: string): Known | undefined {
    return this.#open.get(conditionId) ?? this.#ended.get(conditionId);
  }

  #keep(market: Market, volume24h: string | null): void {
    const { conditionId, closed, closedAtMs, seenAtMs } = market;
    this.#putAway.delete(conditionId);
    (closed ? this.#open : this.#ended).delete(conditionId);
    (closed ? this.#ended : this.#open).set(conditionId, { market, volume24h });
    // A closing in the future is not believed: what closes until then would be passed over.
    if (closed && closedAtMs !== null && closedAtMs <= seenAtMs)
      this.#closedAtMsMax = Math.max(this.#closedAtMsMax ?? 0, closedAtMs);
    this.#seenAtMsMin = Math.min(this.#seenAtMsMin ?? seenAtMs, seenAtMs);
  }

  #differences(known: Market, next: Omit<Market, 'version' | 'seenAtMs'>, nowMs: number): string[] {
    const names = Object.keys(next) as (keyof typeof next)[];
    const changed = names.filter((name) => !isDeepStrictEqual(known[name], next[name]));
    const areFiguresDue = nowMs - known.seenAtMs >= this.#figuresIntervalMs;
    return areFiguresDue || changed.some((name) => !FIGURES.has(name)) ? changed : [];
  }
}

type Known = { market: Market; volume24h: string | null; isRejected?: true };

const FIGURES: ReadonlySet<string> = new Set<keyof Market>(['volume', 'volume24h', 'liquidity']);
