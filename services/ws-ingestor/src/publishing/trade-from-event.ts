import type { LastTradePriceEvent } from '@polytape/polymarket';
import { type OrdinalCounter, type Trade, tradeContentHash, tradeId } from '@polytape/types';

/**
 * The trade of an event, numbered among the fills of its connection that look the same. `nowMs` is the time for which the
 * connections have been read: two fills of one millisecond may be read minutes apart, and must not both get number 0.
 * `receivedAtUs` is the wall clock when the frame arrived.
 */
export function tradeFromEvent(
  event: LastTradePriceEvent,
  ordinals: OrdinalCounter,
  at: { receivedAtUs: number; nowMs: number },
): Trade {
  const { tokenId, conditionId, price, size, side, transactionHash, timestamp } = event;
  const contentHash = tradeContentHash({ tokenId, timestamp, price, size, side, transactionHash });
  return {
    tradeId: tradeId(contentHash, ordinals.next(contentHash, at.nowMs)),
    conditionId,
    tokenId,
    side,
    price,
    size,
    feeRateBps: event.feeRateBps,
    transactionHash,
    exchangeAtMs: Number(timestamp),
    receivedAtUs: at.receivedAtUs,
    source: 'websocket',
  };
}
