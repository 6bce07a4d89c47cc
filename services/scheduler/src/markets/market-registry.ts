import { isDeepStrictEqual } from 'node:util';
import type { Market, MarketResolution } from '@polytape/types';

/** A market as the venue describes it, before we count its versions. */
export type MarketDescription = Omit<Market, 'version' | 'seenAtMs' | 'resolution'>;

/** A document that is to be published, and the names of the fields that differ from the version before. */
export type NewVersion = { market: Market; changed: string[] };

/**
 * The markets we know, each with the last document that was published of it.
 *
 * open -> ended (the venue calls it closed) -> archived (nothing of it is expected to change any more); from anywhere
 * back to open. Of those archived, a growing number, only the id is kept. Whoever hears something of one has to remember
 * its document from the log before it is observed.
 */
export class MarketRegistry {
  readonly #figuresIntervalMs: number;
  readonly #open = new Map<string, Known>();
  readonly #ended = new Map<string, Known>();
  readonly #archived = new Set<string>();
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
   * @throws {Error} The market is archived: it has to be remembered before.
   */
  observe(
    description: MarketDescription,
    o: { nowMs: number; resolution?: MarketResolution | null },
  ): NewVersion | null {
    const { conditionId } = description;
    if (this.isArchived(conditionId)) throw new Error(`market ${conditionId} is archived and was not remembered`);
    const known = this.#known(conditionId);
    const resolution = o.resolution ?? known?.market.resolution ?? null;
    const changed = known === undefined ? [] : this.#differences(known.market, { ...description, resolution }, o.nowMs);
    if (known !== undefined && changed.length === 0 && !known.isUnpublished) {
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

  /** The log does not have this version of the document: what is observed next is published whatever it says. */
  notPublished({ conditionId, version }: Pick<Market, 'conditionId' | 'version'>): void {
    const known = this.#known(conditionId);
    if (known?.market.version === version) known.isUnpublished = true;
  }

  /** The last document of a market; null when it is unknown or archived. */
  get(conditionId: string): Market | null {
    return this.#known(conditionId)?.market ?? null;
  }

  /** What the venue says of a market as last seen; null when it is unknown or archived. */
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

  /** Keeps no more than the id of an ended market from now on. */
  archive(conditionId: string): void {
    if (this.#ended.delete(conditionId)) this.#archived.add(conditionId);
  }

  isArchived(conditionId: string): boolean {
    return this.#archived.has(conditionId);
  }

  /** As if it had never been seen: the log does not have it any more. */
  forget(conditionId: string): void {
    for (const markets of [this.#open, this.#ended, this.#archived]) markets.delete(conditionId);
  }

  /** Markets that the venue has not called closed. */
  *open(): Iterable<Market> {
    for (const { market } of this.#open.values()) yield market;
  }

  /** Markets that it has called closed, without those that are archived. */
  *ended(): Iterable<Market> {
    for (const { market } of this.#ended.values()) yield market;
  }

  /** Ids of those that are archived. */
  archivedIds(): Iterable<string> {
    return this.#archived.keys();
  }

  /** What is known of a market; `unknown` when no document of it was ever seen. */
  stateOf(conditionId: string): 'open' | 'ended' | 'unknown' {
    if (this.#open.has(conditionId)) return 'open';
    return this.#ended.has(conditionId) || this.#archived.has(conditionId) ? 'ended' : 'unknown';
  }

  counts(): { open: number; ended: number } {
    return { open: this.#open.size, ended: this.#ended.size + this.#archived.size };
  }

  get size(): number {
    return this.#open.size + this.#ended.size + this.#archived.size;
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
    this.#archived.delete(conditionId);
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

type Known = { market: Market; volume24h: string | null; isUnpublished?: true };

const FIGURES: ReadonlySet<string> = new Set<keyof Market>(['volume', 'volume24h', 'liquidity']);
