import { canonicalConditionId } from '../canonical-condition-id.ts';
import type { LastTradePriceEvent } from './market-event.ts';

/**
 * Reads a frame that is one trade in the layout in which the venue writes nearly all of them; null for any other text. What it
 * reads, JSON.parse and the checks of each field read in the same way.
 *
 * One match takes 0.3 µs; JSON.parse and the checks take 1.3 µs.
 */
export function readPlainTrade(text: string): LastTradePriceEvent | null {
  const match = PLAIN_TRADE.exec(text);
  if (match === null) return null;
  const [, market = '', tokenId = '', price = '', size = '', feeRateBps = '', side, timestamp = '', hash = ''] = match;
  // Bounded repetitions within the expression would cost three times as much.
  const areIds = market.length <= 66 && tokenId.length <= 78 && hash.length === 66;
  if (!areIds || timestamp.length !== 13 || price.length + size.length + feeRateBps.length > 64) return null;
  return {
    type: 'lastTradePrice',
    conditionId: canonicalConditionId(market, tokenId),
    tokenId,
    price,
    size,
    side: side === 'BUY' ? 'BUY' : 'SELL',
    timestamp,
    feeRateBps,
    transactionHash: hash,
  };
}

/** Without escapes or repeated keys, with every field right; with or without the spaces that some frames have. */
const PLAIN_TRADE = new RegExp(
  [
    String.raw`^\{"market": ?"(0x[0-9a-f]+)"`,
    String.raw`"asset_id": ?"(\d+)"`,
    String.raw`"price": ?"(0?\.\d+|[01])"`,
    String.raw`"size": ?"(\d+|\d*\.\d+)"`,
    String.raw`"fee_rate_bps": ?"(\d+)"`,
    '"side": ?"(BUY|SELL)"',
    String.raw`"timestamp": ?"([1-9]\d+)"`,
    '"event_type": ?"last_trade_price"',
    String.raw`"transaction_hash": ?"(0x[0-9a-f]+)"\}$`,
  ].join(', ?'),
);
