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
 * A book of the CLOB with its levels in our order, best first on both sides. The caller adds the times. Source: CLOB,
 * `POST /books`.
 */
export type ClobBook = Omit<BookSnapshot, 'intervalStartMs' | 'seenAtMs'>;

/** @throws {FieldError} It is not a book, or a level is malformed: a book without that level would be wrong. */
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
    // A hash of another form counts as a difference, so that a change at the venue shows.
    hashMatches: isAbsent(book.hash) ? null : hash === bookHash(book),
  };
}

/** The hash in lower case; null if it is not a sha1. */
function sha1Of(value: unknown): string | null {
  return typeof value === 'string' && /^[0-9a-f]{40}$/i.test(value) ? value.toLowerCase() : null;
}

function levels(value: unknown, name: string): BookLevel[] {
  return list(value ?? [], name, BOOK_LEVELS_MAX).map((item) => {
    const level = fields(item, `a level of ${name}`);
    return [price(level.price, `${name} price`), decimal(level.size, `${name} size`)];
  });
}

/** Sorted by price. Comparing numbers takes a tenth of the time; decimals decide where two become the same number. */
function rising(side: BookLevel[]): BookLevel[] {
  const keyed = side.map((level) => ({ level, key: Number(level[0]) }));
  keyed.sort((a, b) => a.key - b.key || compareDecimals(a.level[0], b.level[0]));
  return keyed.map(({ level }) => level);
}

/** Far above the number of ticks in a book. */
const BOOK_LEVELS_MAX = 20_000;
