import type { Market } from '@polytape/types';

/**
 * The tokens whose prices and books to read, each with its market: those of open markets that accept orders. An open market
 * that accepts none (not yet, or shortly before it closes) has no book that changes.
 */
export function activeTokens(markets: Iterable<Market>): Map<string, Market> {
  const active = new Map<string, Market>();
  for (const market of markets) {
    if (!market.acceptingOrders || market.closed) continue;
    for (const { tokenId } of market.tokens) active.set(tokenId, market);
  }
  return active;
}
