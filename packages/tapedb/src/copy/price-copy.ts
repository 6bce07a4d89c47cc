import type { PriceSnapshot } from '@polytape/types';
import { CopyBuffer } from './copy-buffer.ts';
import type { CopyTable } from './copy-table.ts';

/** Columns in the order in which `priceCopy` writes them. */
export const PRICES: CopyTable = {
  table: 'price_snapshots',
  columns: 'ts, seen_at, token_key, last_price, best_bid, best_ask, midpoint, volume_24h',
  key: 'ts, token_key',
};

/** Prices as the body of a binary COPY. With the keys of their tokens, in the same order. */
export function priceCopy(prices: readonly PriceSnapshot[], tokenKeys: readonly number[]): Buffer {
  const rows = new CopyBuffer({ bytesExpected: prices.length * ROW_BYTES_USUAL });
  for (const [at, price] of prices.entries()) {
    rows.row(8);
    rows.timestamp(price.intervalStartMs * 1_000);
    rows.timestamp(price.seenAtMs * 1_000);
    rows.int32(tokenKeys[at] ?? 0);
    rows.numericOrNull(price.lastPrice);
    rows.numericOrNull(price.bestBid);
    rows.numericOrNull(price.bestAsk);
    rows.numericOrNull(price.midpoint);
    rows.numericOrNull(price.volume24h);
  }
  return rows.finish();
}

const ROW_BYTES_USUAL = 120;
