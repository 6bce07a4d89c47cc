import { parseTradeId } from '@polytape/types';
import { keyOf } from '../projection/key-dictionary.ts';
import type { TradeRow } from '../projection/projection-batch.ts';
import { CopyBuffer } from './copy-buffer.ts';
import type { CopyTable } from './copy-table.ts';

/** Columns in the order in which `tradeCopy` writes them. */
export const TRADES: CopyTable = {
  table: 'trades',
  columns:
    'ts, received_at, content, token_key, connection_key, ordinal, side, source, price, size, fee_rate_bps, transaction_hash',
  key: 'ts, token_key, content, ordinal',
};

/** Trades as the body of a binary COPY. Every id must have a key. */
export function tradeCopy(
  trades: readonly TradeRow[],
  keys: { tokens: ReadonlyMap<string, number>; connections: ReadonlyMap<string, number> },
): Buffer {
  const rows = new CopyBuffer({ bytesExpected: trades.length * ROW_BYTES_USUAL });
  for (const trade of trades) {
    const id = parseTradeId(trade.tradeId);
    if (id === null) throw new RangeError(`not a trade id: ${trade.tradeId}`);
    rows.row(12);
    rows.timestamp(trade.exchangeAtMs * 1_000);
    rows.timestamp(trade.receivedAtUs);
    rows.int64Hex(id.contentHash);
    rows.int32(keyOf(keys.tokens, trade.tokenId));
    if (trade.connectionId === null) rows.null();
    else rows.int32(keyOf(keys.connections, trade.connectionId));
    rows.int16(id.ordinal);
    rows.char(trade.side === 'BUY' ? 'B' : 'S');
    rows.char(trade.source === 'websocket' ? 'w' : 'd');
    rows.numeric(trade.price);
    rows.numeric(trade.size);
    rows.numericOrNull(trade.feeRateBps);
    if (trade.transactionHash === null) rows.null();
    else rows.hex(trade.transactionHash.slice(2));
  }
  return rows.finish();
}

const ROW_BYTES_USUAL = 160;
