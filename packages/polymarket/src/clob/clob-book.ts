import { type BookLevel, type BookSnapshot, compareDecimals, midpointOf, spreadOf } from '@polytape/types';
import { canonicalConditionId } from '../canonical-condition-id.ts';
import {
  conditionId,
  decimal,
  fields,
  isAbsent,
  list,
  optionalDecimal,
  price,
  timestamp,
  tokenId,
} from '../channel/event-fields.ts';
import { bookHash } from './book-hash.ts';

/**
 * A book as the CLOB sent it, its levels in our order: best first on both sides. When it was asked for, and for which
 * interval, is the caller's. Source: CLOB, `POST /books`.
 */
export type ClobBook = Omit<BookSnapshot, 'intervalStartMs' | 'seenAtMs'>;

/** @throws {FieldError} It is no book, or a level of it is none: half a book would be a wrong one. */
export function readClobBook(raw: unknown): ClobBook {
  const book = fields(raw, 'the book');
  const token = tokenId(book.asset_id, 'asset_id');
  const bids = rising(levels(book.bids, 'bids')).reverse();
  const asks = rising(levels(book.asks, 'asks'));
  const bestBid = bids[0]?.[0] ?? null;
  const bestAsk = asks[0]?.[0] ?? null;
  const hash = sha1Of(book.hash);
  return {
    conditionId: canonicalConditionId(conditionId(book.market, 'market'), token),
    tokenId: token,
    exchangeAtMs: isAbsent(book.timestamp) ? null : Number(timestamp(book.timestamp, 'timestamp')),
    bids,
    asks,
    bestBid,
    bestAsk,
    spread: spreadOf(bestBid, bestAsk),
    midpoint: midpointOf(bestBid, bestAsk),
    tickSize: optionalDecimal(book.tick_size, 'tick_size'),
    hash,
    // One of another kind is a change at the venue that is to be seen, and costs no book.
    hashMatches: isAbsent(book.hash) ? null : hash === bookHash(book),
  };
}

/** In lower case; null for what is none. */
function sha1Of(value: unknown): string | null {
  return typeof value === 'string' && /^[0-9a-f]{40}$/i.test(value) ? value.toLowerCase() : null;
}

function levels(value: unknown, name: string): BookLevel[] {
  return list(value ?? [], name, BOOK_LEVELS_MAX).map((item) => {
    const level = fields(item, `a level of ${name}`);
    return [price(level.price, `${name} price`), decimal(level.size, `${name} size`)];
  });
}

/** By price. Numbers keep the order of decimals but for those that become one number, and are a tenth of the work. */
function rising(side: BookLevel[]): BookLevel[] {
  const keyed = side.map((level) => ({ level, key: Number(level[0]) }));
  keyed.sort((a, b) => a.key - b.key || compareDecimals(a.level[0], b.level[0]));
  return keyed.map(({ level }) => level);
}

/** Far above the ticks that a price can have. */
const BOOK_LEVELS_MAX = 20_000;
