import type { BookSnapshot } from '@polytape/types';
import { CopyBuffer } from './copy-buffer.ts';
import type { CopyTable } from './copy-table.ts';

/** Columns in the order in which `bookCopy` writes them. */
export const BOOKS: CopyTable = {
  table: 'book_snapshots',
  columns:
    'ts, seen_at, exchange_at, token_key, hash_matches, best_bid, best_ask, spread, midpoint, tick_size, hash, bids, asks',
  key: 'ts, token_key',
};

/** Books as the body of a binary COPY. With the keys of their tokens, in the same order. */
export function bookCopy(books: readonly BookSnapshot[], tokenKeys: readonly number[]): Buffer {
  const rows = new CopyBuffer({ bytesExpected: books.length * ROW_BYTES_USUAL });
  for (const [at, book] of books.entries()) {
    rows.row(13);
    rows.timestamp(book.intervalStartMs * 1_000);
    rows.timestamp(book.seenAtMs * 1_000);
    if (book.exchangeAtMs === null) rows.null();
    else rows.timestamp(book.exchangeAtMs * 1_000);
    rows.int32(tokenKeys[at] ?? 0);
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

/** 20 levels on each side. */
const ROW_BYTES_USUAL = 1_024;
