import { isTokenId } from '@polytape/types';
import { isFields } from '../channel/event-fields.ts';
import { type BadRow, badRow, readOrBad } from '../http/bad-row.ts';
import { httpUrl, placeOf, routeUrl } from '../http/http-url.ts';
import { type FailedBatch, inBatches } from '../http/in-batches.ts';
import { RATE_RULES, type RateRule } from '../http/rate-limiter.ts';
import type { VenueHttp } from '../http/venue-http.ts';
import { VenueAnswerError } from '../venue-errors.ts';
import { type ClobBook, readClobBook } from './clob-book.ts';
import { type Quote, readQuote } from './quote.ts';

/** The answer for one batch. Each token is in exactly one of the lists; a row without a token id is in `bad` only. */
export type BookBatch = {
  books: ClobBook[];
  /** Requested and not answered: the venue has no book of them (any more). */
  unknown: string[];
  bad: BadRow[];
};

/** The same for quotes. */
export type QuoteBatch = { quotes: Quote[]; unknown: string[]; bad: BadRow[] };

/** Reads books and prices from the CLOB, in batches. Source: the venue's documentation of the routes named below. */
export class ClobClient {
  readonly #base: URL;
  readonly #http: VenueHttp;

  /** `url` may have a path, which the routes then follow. @throws {RangeError} Not an http or https URL. */
  constructor(options: { url: string; http: VenueHttp }) {
    this.#base = httpUrl(options.url, 'The CLOB');
    this.#http = options.http;
  }

  /**
   * The books of any number of tokens, in batches as they come. Source: `POST /books`, which omits unknown tokens and has
   * refused requests for more than about 500.
   *
   * @throws as `inBatches`.
   */
  books(tokenIds: readonly string[], signal: AbortSignal): AsyncGenerator<BookBatch | FailedBatch, void, undefined> {
    return inBatches(tokenIds, {
      idsMax: BATCH_TOKENS_MAX,
      atOnceMax: BOOK_BATCHES_AT_ONCE_MAX,
      signal,
      ask: async (ids, end) => booksOf(ids, await this.#list('/books', ids.map(tokenEntry), BOOKS_RULES, end)),
    });
  }

  /**
   * Last price, best bid and best ask of any number of tokens, in batches as they come. Source: `POST /prices`, both sides
   * of each token, and `POST /last-trades-prices`, at most 500 ids. A token in neither answer is unknown.
   *
   * @throws as `inBatches`.
   */
  quotes(tokenIds: readonly string[], signal: AbortSignal): AsyncGenerator<QuoteBatch | FailedBatch, void, undefined> {
    return inBatches(tokenIds, {
      idsMax: BATCH_TOKENS_MAX,
      atOnceMax: QUOTE_BATCHES_AT_ONCE_MAX,
      signal,
      ask: async (ids, end) => {
        const sides = await this.#map('/prices', ids.flatMap(sideEntries), PRICES_RULES, end);
        const last = await this.#list('/last-trades-prices', ids.map(tokenEntry), LAST_TRADES_RULES, end);
        return quotesOf(ids, sides, last);
      },
    });
  }

  async #list(route: string, body: unknown, rules: readonly RateRule[], signal: AbortSignal): Promise<unknown[]> {
    const { url, answer } = await this.#post(route, body, rules, signal);
    if (answer === null) return [];
    if (!Array.isArray(answer)) throw new VenueAnswerError(placeOf(url), 'not a list');
    return answer;
  }

  async #map(route: string, body: unknown, rules: readonly RateRule[], signal: AbortSignal) {
    const { url, answer } = await this.#post(route, body, rules, signal);
    if (answer === null) return {};
    if (!isFields(answer)) throw new VenueAnswerError(placeOf(url), 'not an object by token');
    return answer;
  }

  /** The answer is null if the venue has none of the books. */
  async #post(route: string, body: unknown, rules: readonly RateRule[], signal: AbortSignal) {
    const url = routeUrl(this.#base, route);
    try {
      return {
        url,
        answer: await this.#http.postJson(url, body, { host: 'clob', rules, signal, triesMax: BATCH_TRIES_MAX }),
      };
    } catch (error) {
      if (isAboutUnknownTokens(error)) return { url, answer: null };
      throw error;
    }
  }
}

/** Recorded for a single token; a batch of unknown tokens was never recorded. A 404 with another text is a missing route. */
function isAboutUnknownTokens(error: unknown): boolean {
  return error instanceof VenueAnswerError && error.status === 404 && /no orderbook/i.test(error.answer);
}

function booksOf(asked: readonly string[], answer: readonly unknown[]): BookBatch {
  const missing = new Set(asked);
  const books: ClobBook[] = [];
  const bad: BadRow[] = [];
  for (const raw of answer) {
    const id = idIn(raw, 'asset_id');
    const read = readOrBad(raw, id, readClobBook);
    if ('bad' in read) bad.push(read.bad);
    else if (missing.has(read.row.tokenId)) books.push(read.row);
    else bad.push(badRow(raw, id, 'not requested, or answered twice'));
    if (id !== null) missing.delete(id);
  }
  return { books, unknown: [...missing], bad };
}

function quotesOf(asked: readonly string[], sides: Record<string, unknown>, last: readonly unknown[]): QuoteBatch {
  const quotes: Quote[] = [];
  const unknown: string[] = [];
  const bad: BadRow[] = [];
  const wanted = new Set(asked);
  const lastById = new Map<string, unknown>();
  for (const raw of last) {
    const id = idIn(raw, 'token_id');
    if (id !== null && wanted.has(id)) lastById.set(id, raw);
    else bad.push(badRow(raw, id, id === null ? 'token_id is missing or malformed' : 'not requested'));
  }
  for (const tokenId of asked) {
    const answer = { sides: Object.hasOwn(sides, tokenId) ? sides[tokenId] : undefined, last: lastById.get(tokenId) };
    if (answer.sides === undefined && answer.last === undefined) {
      unknown.push(tokenId);
      continue;
    }
    const read = readOrBad(answer, tokenId, () => readQuote(tokenId, answer));
    if ('row' in read) quotes.push(read.row);
    else bad.push(read.bad);
  }
  return { quotes, unknown, bad };
}

function idIn(raw: unknown, name: string): string | null {
  const id = isFields(raw) ? raw[name] : null;
  return isTokenId(id) ? id : null;
}

function tokenEntry(tokenId: string) {
  return { token_id: tokenId };
}

function sideEntries(tokenId: string) {
  return [
    { token_id: tokenId, side: 'BUY' },
    { token_id: tokenId, side: 'SELL' },
  ];
}

const BOOKS_RULES = [RATE_RULES.clob, RATE_RULES.clobBooks];
const PRICES_RULES = [RATE_RULES.clob, RATE_RULES.clobPrices];
const LAST_TRADES_RULES = [RATE_RULES.clob, RATE_RULES.clobLastTrades];
/** The venue refused bodies with more than about 500 entries, and /prices takes two entries a token. */
const BATCH_TOKENS_MAX = 250;
/** A batch of books has several megabytes. */
const BOOK_BATCHES_AT_ONCE_MAX = 4;
/** Reads 312,000 tokens within a minute, at 0.3 s an answer. */
const QUOTE_BATCHES_AT_ONCE_MAX = 8;
/** The next round asks again, so a long wait is not worth it. */
const BATCH_TRIES_MAX = 3;
