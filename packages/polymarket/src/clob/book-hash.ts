import { createHash } from 'node:crypto';
import type { Fields } from '../channel/event-fields.ts';

/**
 * The venue's sha1 over a book: compact JSON of these fields in this order, levels as price and size in the order received,
 * with an empty hash. Every REST book recorded in 2026 has this hash. The venue has changed the algorithm before, so a
 * difference is counted and not an error.
 */
export function bookHash(book: Fields): string {
  const pairs = (side: unknown) =>
    Array.isArray(side) ? side.map((level: Fields) => ({ price: level.price, size: level.size })) : side;
  const hashed = {
    market: book.market,
    asset_id: book.asset_id,
    timestamp: book.timestamp,
    hash: '',
    bids: pairs(book.bids),
    asks: pairs(book.asks),
    min_order_size: book.min_order_size,
    tick_size: book.tick_size,
    neg_risk: book.neg_risk,
    last_trade_price: book.last_trade_price,
  };
  return createHash('sha1').update(JSON.stringify(hashed)).digest('hex');
}
