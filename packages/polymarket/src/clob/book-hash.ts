import { createHash } from 'node:crypto';
import type { Fields } from '../channel/event-fields.ts';

/**
 * The venue's sha1 over a book, from the book as it was received: compact JSON of these fields in this order, each level
 * as price and size in the order received, the hash itself empty. Its making has changed before, so a difference is
 * something to count and look at. Every REST book recorded in 2026 has it so.
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
