import type { PriceSnapshot } from '@polytape/types';
import { keyOf } from '../projection/key-dictionary.ts';
import { CopyBuffer } from './copy-buffer.ts';
import type { CopyTable } from './copy-table.ts';

/** Columns in the order in which `priceCopy` writes them. */
export const PRICES: CopyTable = {
  table: 'price_snapshots',
  columns: 'ts, seen_at, token_key, last_price, best_bid, best_ask, midpoint, volume_24h',
  key: 'ts, token_key',
};

/** Prices as the body of a binary COPY. Every token must have a key. */
export function priceCopy(prices: readonly PriceSnapshot[], tokens: ReadonlyMap<string, number>): Buffer {
  const rows = new CopyBuffer({ bytesExpected: prices.length * ROW_BYTES_USUAL });
  for (const price of prices) {
    rows.row(8);
    rows.timestamp(price.slotAtMs * 1_000);
    rows.timestamp(price.seenAtMs * 1_000);
    rows.int32(keyOf(tokens, price.tokenId));
    rows.numericOrNull(price.lastPrice);
    rows.numericOrNull(price.bestBid);
    rows.numericOrNull(price.bestAsk);
    rows.numericOrNull(price.midpoint);
    rows.numericOrNull(price.volume24h);
  }
  return rows.finish();
}

const ROW_BYTES_USUAL = 120;
