import { isConditionId } from '@polytape/types';
import { z } from 'zod';
import { excerpt } from '../excerpt.ts';
import { httpUrl, placeOf, routeUrl } from '../http/http-url.ts';
import { RATE_RULES } from '../http/rate-limiter.ts';
import type { VenueHttp } from '../http/venue-http.ts';
import { VenueAnswerError } from '../venue-errors.ts';
import { type GammaMarket, readGammaMarket, type SkippedMarket } from './gamma-market.ts';

/** A page of a scan. */
export type MarketPage = {
  markets: GammaMarket[];
  skipped: SkippedMarket[];
  /** Why the scan may be incomplete, so that a missing market proves nothing; null otherwise. */
  doubt: string | null;
};

/**
 * Reads market metadata from Gamma in keyset pages.
 *
 * Source: the venue's documentation, `GET /markets/keyset`: at most 100 markets a page; `after_cursor` is the `next_cursor`
 * of the page before, and the last page has none.
 */
export class GammaClient {
  readonly #base: URL;
  readonly #http: VenueHttp;

  /** `url` may have a path, which the routes then follow. @throws {RangeError} Not an http or https URL. */
  constructor(options: { url: string; http: VenueHttp }) {
    this.#base = httpUrl(options.url, 'Gamma');
    this.#http = options.http;
  }

  /** Why the last request failed, also while it is being retried; null if it succeeded or there was none. */
  get trouble(): string | null {
    return this.#http.troubleOf(HOST);
  }

  /**
   * All markets that are not closed, oldest first, so that a market that opens during the scan comes at its end. A market
   * may come twice. `skipped` lists entries that are not usable markets; they do not affect the rest of the page.
   *
   * @throws {VenueAnswerError} The cursor does not move or repeats, page after page is empty, or there is no end.
   * @throws as `VenueHttp.getJson`.
   */
  async *openMarkets(signal: AbortSignal): AsyncGenerator<MarketPage, void, undefined> {
    yield* this.#pages({ closed: ['false'], order: ['id'], ascending: ['true'] }, signal);
  }

  /**
   * Open markets, the newest first. The caller stops at known markets. The list grows at its head, so a market may come
   * twice, and the venue itself is seconds to minutes late.
   *
   * @throws as `openMarkets`.
   */
  async *newestMarkets({ signal }: { signal: AbortSignal }): AsyncGenerator<MarketPage, void, undefined> {
    yield* this.#pages({ closed: ['false'], order: ['createdAt'], ascending: ['false'] }, signal);
  }

  /**
   * Closed markets, the last closed first. The caller stops at its watermark. A closed market is not necessarily settled.
   *
   * @throws as `openMarkets`.
   */
  async *recentlyClosed({ signal }: { signal: AbortSignal }): AsyncGenerator<MarketPage, void, undefined> {
    yield* this.#pages({ closed: ['true'], order: ['closedTime'], ascending: ['false'] }, signal);
  }

  /** The market with this slug, open or closed; null if there is none. @throws as `openMarkets`. */
  async marketBySlug(slug: string, signal: AbortSignal): Promise<GammaMarket | null> {
    return await this.#first([{ slug: [slug] }], (market) => market.slug === slug, signal);
  }

  /** The market with this token, open or closed; null if there is none. @throws as `openMarkets`. */
  async marketByToken(tokenId: string, signal: AbortSignal): Promise<GammaMarket | null> {
    const isOf = ({ tokens }: GammaMarket) => tokens.some((token) => token.tokenId === tokenId);
    return await this.#first([{ clob_token_ids: [tokenId] }, { position_ids: [tokenId] }], isOf, signal);
  }

  /**
   * Those of the given markets that are open. Omits closed markets, markets that the venue does not list (yet), and entries
   * that are not usable markets.
   *
   * @throws as `openMarkets`.
   */
  async openMarketsOf(conditionIds: readonly string[], signal: AbortSignal): Promise<GammaMarket[]> {
    return await this.#named(conditionIds, 'false', signal);
  }

  /**
   * Those of the given markets that are closed. Omits unknown and open ones.
   *
   * @throws as `openMarkets`.
   */
  async closedMarketsOf(conditionIds: readonly string[], signal: AbortSignal): Promise<GammaMarket[]> {
    return await this.#named(conditionIds, 'true', signal);
  }

  /** A query takes one value of `closed`. */
  async #named(conditionIds: readonly string[], closed: 'true' | 'false', signal: AbortSignal): Promise<GammaMarket[]> {
    const found: GammaMarket[] = [];
    const known = conditionIds.filter(isConditionId);
    for (let from = 0; from < known.length; from += FILTER_IDS_MAX) {
      const filter = { closed: [closed], condition_ids: known.slice(from, from + FILTER_IDS_MAX) };
      for await (const { markets } of this.#pages(filter, signal)) found.push(...markets);
    }
    return found;
  }

  /** Tries the filters in turn. Checks what comes back, because the venue ignores filters that it does not know. */
  async #first(
    filters: Record<string, string[]>[],
    isWanted: (market: GammaMarket) => boolean,
    signal: AbortSignal,
  ): Promise<GammaMarket | null> {
    for (const filter of filters) {
      for (const closed of ['false', 'true']) {
        for await (const { markets } of this.#pages({ closed: [closed], ...filter }, signal)) {
          const found = markets.find(isWanted);
          if (found !== undefined) return found;
          break;
        }
      }
    }
    return null;
  }

  async *#pages(filter: Record<string, string[]>, signal: AbortSignal): AsyncGenerator<MarketPage, void, undefined> {
    const cursors = new Set<string>();
    let emptyPages = 0;
    for (let cursor: string | null = null; ; ) {
      const url = this.#pageUrl(filter, cursor);
      const askedAtMs = Date.now();
      const page = this.#readPage(url, await this.#http.getJson(url, { host: HOST, rules: LIST_RULES, signal }));
      emptyPages = page.markets.length === 0 ? emptyPages + 1 : 0;
      const isBroken = page.markets.length === 0 && page.next !== null;
      yield { ...sorted(page.markets, askedAtMs), doubt: isBroken ? 'an empty page in the middle of the list' : null };
      if (page.next === null) return;
      cursor = page.next;
      if (cursors.has(cursor)) throw new VenueAnswerError(placeOf(url), `the cursor ${excerpt(cursor, 40)} came twice`);
      cursors.add(cursor);
      if (emptyPages >= EMPTY_PAGES_MAX) throw new VenueAnswerError(placeOf(url), `${emptyPages} empty pages in a row`);
      if (cursors.size >= PAGES_MAX) throw new VenueAnswerError(placeOf(url), `no end after ${PAGES_MAX} pages`);
    }
  }

  #pageUrl(filter: Record<string, string[]>, cursor: string | null): URL {
    const url = routeUrl(this.#base, '/markets/keyset');
    for (const [name, values] of Object.entries(filter))
      for (const value of values) url.searchParams.append(name, value);
    url.searchParams.set('limit', String(PAGE_MARKETS));
    url.searchParams.set('include_tag', 'true');
    if (cursor !== null) url.searchParams.set('after_cursor', cursor);
    return url;
  }

  #readPage(url: URL, body: unknown): { markets: unknown[]; next: string | null } {
    const parsed = pageSchema.safeParse(body);
    if (parsed.success) return { markets: parsed.data.markets, next: parsed.data.next_cursor || null };
    const issue = parsed.error.issues[0];
    throw new VenueAnswerError(
      placeOf(url),
      `no page of markets: ${issue?.path.join('.') || 'the body'}: ${issue?.message ?? ''}`,
    );
  }
}

function sorted(entries: readonly unknown[], askedAtMs: number): { markets: GammaMarket[]; skipped: SkippedMarket[] } {
  const markets: GammaMarket[] = [];
  const skipped: SkippedMarket[] = [];
  for (const entry of entries) {
    const read = readGammaMarket(entry, askedAtMs);
    if ('market' in read) markets.push(read.market);
    else skipped.push(read.skipped);
  }
  return { markets, skipped };
}

const pageSchema = z.looseObject({ markets: z.array(z.unknown()), next_cursor: z.string().nullish() });

/** The host's name in requests and limits. */
const HOST = 'gamma';
const LIST_RULES = [RATE_RULES.gamma, RATE_RULES.gammaLists, RATE_RULES.gammaMarkets];
/** The venue's maximum. */
const PAGE_MARKETS = 100;
/** Condition ids in one query, to keep the URL below 2 KiB. */
const FILTER_IDS_MAX = 20;
/** In August 2026, 156,000 open markets took 1,560 pages. */
const PAGES_MAX = 20_000;
const EMPTY_PAGES_MAX = 3;
