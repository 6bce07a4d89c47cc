import {
  type BookLevel,
  type BookSnapshot,
  isConditionId,
  isDecimal,
  isPlausibleTime,
  isTokenId,
} from '@polytape/types';
import { keyOf } from '../projection/key-dictionary.ts';
import { CopyBuffer } from './copy-buffer.ts';
import type { CopyTable } from './copy-table.ts';
import { check, checkDecimalOrNull } from './field-check.ts';

/** Columns in the order in which `bookCopy` writes them. */
export const BOOKS: CopyTable = {
  table: 'book_snapshots',
  columns:
    'ts, seen_at, exchange_at, token_key, is_hash_right, best_bid, best_ask, spread, midpoint, tick_size, hash, bids, asks',
  key: 'ts, token_key',
};

/** Books as the body of a binary COPY. They have passed `checkBook`; every token has a key. */
export function bookCopy(books: readonly BookSnapshot[], tokens: ReadonlyMap<string, number>): Buffer {
  const rows = new CopyBuffer({ bytesExpected: books.length * ROW_BYTES_USUAL });
  for (const book of books) {
    rows.row(13);
    rows.timestamp(book.intervalStartMs * 1_000);
    rows.timestamp(book.seenAtMs * 1_000);
    if (book.exchangeAtMs === null) rows.null();
    else rows.timestamp(book.exchangeAtMs * 1_000);
    rows.int32(keyOf(tokens, book.tokenId));
    if (book.hashMatches === null) rows.null();
    else rows.boolean(book.hashMatches);
    rows.numericOrNull(book.bestBid);
    rows.numericOrNull(book.bestAsk);
    rows.numericOrNull(book.spread);
    rows.numericOrNull(book.midpoint);
    rows.numericOrNull(book.tickSize);
    if (book.hash === null) rows.null();
    else rows.hex(book.hash);
    rows.jsonb(JSON.stringify(book.bids));
    rows.jsonb(JSON.stringify(book.asks));
  }
  return rows.finish();
}

/** @throws {UnstorableValueError} A field holds what its column cannot. */
export function checkBook(book: BookSnapshot): void {
  check(isTokenId(book?.tokenId), 'tokenId', book?.tokenId);
  check(isConditionId(book.conditionId), 'conditionId', book.conditionId);
  check(isPlausibleTime(book.intervalStartMs), 'intervalStartMs', book.intervalStartMs);
  check(isPlausibleTime(book.seenAtMs), 'seenAtMs', book.seenAtMs);
  // The venue's clock is shown and never searched by: anything that the column holds will do.
  check(book.exchangeAtMs === null || isCount(book.exchangeAtMs), 'exchangeAtMs', book.exchangeAtMs);
  check(book.hashMatches === null || typeof book.hashMatches === 'boolean', 'hashMatches', book.hashMatches);
  checkDecimalOrNull('bestBid', book.bestBid);
  checkDecimalOrNull('bestAsk', book.bestAsk);
  check(book.spread === null || isSignedDecimal(book.spread), 'spread', book.spread);
  checkDecimalOrNull('midpoint', book.midpoint);
  checkDecimalOrNull('tickSize', book.tickSize);
  check(book.hash === null || isSha1(book.hash), 'hash', book.hash);
  check(Array.isArray(book.bids) && book.bids.every(isLevel), 'bids', 'not levels of price and size');
  check(Array.isArray(book.asks) && book.asks.every(isLevel), 'asks', 'not levels of price and size');
}

function isLevel(level: BookLevel): boolean {
  return Array.isArray(level) && level.length === 2 && isDecimal(level[0]) && isDecimal(level[1]);
}

function isSignedDecimal(value: unknown): boolean {
  return typeof value === 'string' && isDecimal(value.startsWith('-') ? value.slice(1) : value);
}

function isSha1(value: unknown): boolean {
  return typeof value === 'string' && /^[0-9a-f]{40}$/.test(value);
}

function isCount(ms: unknown): boolean {
  return Number.isSafeInteger(ms) && (ms as number) >= 0 && (ms as number) <= MS_MAX;
}

/** 20 levels on each side. */
const ROW_BYTES_USUAL = 1_024;
/** In microseconds it is still a whole number that JavaScript has. */
const MS_MAX = Math.floor(Number.MAX_SAFE_INTEGER / 1_000);
