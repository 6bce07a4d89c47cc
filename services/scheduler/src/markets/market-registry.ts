import { isDeepStrictEqual } from 'node:util';
import type { Market, MarketResolution } from '@polytape/types';
import { SharedTexts } from './shared-texts.ts';

/** A market as the venue describes it, without what we add. */
export type MarketDescription = Omit<Market, 'version' | 'seenAtMs' | 'resolution'>;

/** A document to publish, and the names of the fields that differ from the version before. */
export type NewVersion = { market: Market; changed: string[] };

/**
 * The known markets, each with its last published document.
 *
 * open -> ended (the venue calls it closed) -> archived (it will not change any more); back to open from any state. The
 * number of archived markets grows forever, so only their ids are kept. Before one of them is observed again, its document
 * must be read from the log and remembered.
 */
export class MarketRegistry {
  readonly #figuresIntervalMs: number;
  readonly #open = new Map<string, Known>();
  readonly #ended = new Map<string, Known>();
  readonly #archived = new Set<string>();
  readonly #texts = new SharedTexts();
  #closedAtMsMax: number | null = null;
  #seenAtMsMin: number | null = null;

  /** `figuresIntervalMs`: how old the volumes and the liquidity in a market's document may become. */
  constructor(options: { figuresIntervalMs: number }) {
    this.#figuresIntervalMs = options.figuresIntervalMs;
  }

  /** Takes a document from the log, which an earlier leader has published. */
  remember(market: Market): void {
    this.#keep(market, market.volume24h);
  }

  /**
   * The version to publish if the description or the resolution differs from the last document, else null. A difference in
   * figures alone (volumes, liquidity) counts only when the last document is old.
   *
   * @throws {Error} The market is archived: remember its document first.
   */
  observe(
    description: MarketDescription,
    o: { nowMs: number; resolution?: MarketResolution | null },
  ): NewVersion | null {
    const { conditionId } = description;
    if (this.isArchived(conditionId))
      throw new Error(`market ${conditionId} is archived; its document must be remembered first`);
    const known = this.#known(conditionId);
    const resolution = o.resolution ?? known?.market.resolution ?? null;
    const changed = known === undefined ? [] : this.#differences(known.market, { ...description, resolution }, o.nowMs);
    if (known !== undefined && changed.length === 0 && !known.isUnpublished) {
      known.volume24h = description.volume24h;
      return null;
    }
    const market: Market = {
      ...description,
      resolution,
      version: (known?.market.version ?? 0) + 1,
      seenAtMs: o.nowMs,
    };
    this.#keep(market, description.volume24h);
    return { market, changed };
  }

  /** The log does not have this version of the document: the next description is published even without a difference. */
  notPublished({ conditionId, version }: Pick<Market, 'conditionId' | 'version'>): void {
    const known = this.#known(conditionId);
    if (known?.market.version === version) known.isUnpublished = true;
  }

  /** The last document of a market; null when it is unknown or archived. */
  get(conditionId: string): Market | null {
    return this.#known(conditionId)?.market ?? null;
  }

  /** The venue's last description of a market; null when it is unknown or archived. */
  describe(conditionId: string): MarketDescription | null {
    const known = this.#known(conditionId);
    if (known === undefined) return null;
    const { version: _version, seenAtMs: _seenAtMs, resolution: _resolution, ...description } = known.market;
    return { ...description, volume24h: known.volume24h };
  }

  /** The last known 24 h volume; the document's own may be hours old. */
  volume24h(conditionId: string): string | null {
    return this.#known(conditionId)?.volume24h ?? null;
  }

  /** Forgets all but the id of an ended market. */
  archive(conditionId: string): void {
    if (this.#ended.delete(conditionId)) this.#archived.add(conditionId);
  }

  isArchived(conditionId: string): boolean {
    return this.#archived.has(conditionId);
  }

  /** Forgets a market that the log no longer has. */
  forget(conditionId: string): void {
    for (const markets of [this.#open, this.#ended, this.#archived]) markets.delete(conditionId);
  }

  /** Markets that the venue does not call closed. */
  *open(): Iterable<Market> {
    for (const { market } of this.#open.values()) yield market;
  }

  /** Markets that the venue calls closed, without the archived ones. */
  *ended(): Iterable<Market> {
    for (const { market } of this.#ended.values()) yield market;
  }

  /** Ids of the archived markets. */
  archivedIds(): Iterable<string> {
    return this.#archived.keys();
  }

  /** The state of a market; `unknown` without any document of it. */
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
   * Up to when, by the venue's clock, all closings are known: the last closing, or without one the time of the oldest
   * document; null without any document.
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
    (closed ? this.#ended : this.#open).set(conditionId, { market: this.#texts.sharedBy(market), volume24h });
    // A closing in the future does not count: the closings before it would be skipped.
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
