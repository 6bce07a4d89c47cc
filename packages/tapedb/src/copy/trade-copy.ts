import { isConditionId, isConnectionId, isDecimal, isPlausibleTime, isTokenId, parseTradeId } from '@polytape/types';
import { UnstorableValueError } from '../errors.ts';
import { keyOf } from '../projection/key-dictionary.ts';
import type { TradeRow } from '../projection/projection-batch.ts';
import { CopyBuffer } from './copy-buffer.ts';
import type { CopyTable } from './copy-table.ts';
import { check } from './field-check.ts';

/** Columns in the order in which `tradeCopy` writes them. */
export const TRADES: CopyTable = {
  table: 'trades',
  columns:
    'ts, received_at, content, token_key, connection_key, ordinal, side, source, price, size, fee_rate_bps, transaction_hash',
  key: 'ts, token_key, content, ordinal',
};

/** Trades as the body of a binary COPY. The trades have passed `checkTrade`; every id has a key. */
export function tradeCopy(
  trades: readonly TradeRow[],
  keys: { tokens: ReadonlyMap<string, number>; connections: ReadonlyMap<string, number> },
): Buffer {
  const rows = new CopyBuffer({ bytesExpected: trades.length * ROW_BYTES_USUAL });
  for (const trade of trades) {
    const { contentHash, ordinal } = checkedTradeId(trade);
    rows.row(12);
    rows.timestamp(trade.exchangeAtMs * 1_000);
    rows.timestamp(trade.receivedAtUs);
    rows.int64Hex(contentHash);
    rows.int32(keyOf(keys.tokens, trade.tokenId));
    if (trade.connectionId === null) rows.null();
    else rows.int32(keyOf(keys.connections, trade.connectionId));
    rows.int16(ordinal);
    rows.char(trade.side === 'BUY' ? 'B' : 'S');
    rows.char(trade.source === 'websocket' ? 'w' : 'd');
    rows.numeric(trade.price);
    rows.numeric(trade.size);
    if (trade.feeRateBps === null) rows.null();
    else rows.numeric(trade.feeRateBps);
    if (trade.transactionHash === null) rows.null();
    else rows.hex(trade.transactionHash.slice(2));
  }
  return rows.finish();
}

/** @throws {UnstorableValueError} A field holds what its column cannot. */
export function checkTrade(trade: TradeRow): void {
  checkedTradeId(trade);
  check(isTokenId(trade.tokenId), 'tokenId', trade.tokenId);
  check(isConditionId(trade.conditionId), 'conditionId', trade.conditionId);
  check(trade.connectionId === null || isConnectionId(trade.connectionId), 'connectionId', trade.connectionId);
  check(trade.side === 'BUY' || trade.side === 'SELL', 'side', trade.side);
  check(trade.source === 'websocket' || trade.source === 'data_api', 'source', trade.source);
  check(isDecimal(trade.price), 'price', trade.price);
  check(isDecimal(trade.size), 'size', trade.size);
  check(trade.feeRateBps === null || isDecimal(trade.feeRateBps), 'feeRateBps', trade.feeRateBps);
  check(trade.transactionHash === null || isHash(trade.transactionHash), 'transactionHash', trade.transactionHash);
  check(isPlausibleTime(trade.exchangeAtMs), 'exchangeAtMs', trade.exchangeAtMs);
  // Our own clock may be wrong, and its error must not cost a trade: anything that the column holds will do.
  check(Number.isSafeInteger(trade.receivedAtUs) && trade.receivedAtUs >= 0, 'receivedAtUs', trade.receivedAtUs);
}

function checkedTradeId(trade: TradeRow): { contentHash: string; ordinal: number } {
  const id = typeof trade.tradeId === 'string' ? parseTradeId(trade.tradeId) : null;
  if (id === null) throw new UnstorableValueError('tradeId', trade.tradeId);
  return id;
}

function isHash(value: unknown): boolean {
  return typeof value === 'string' && value.length <= HASH_LENGTH_MAX && /^0x([0-9a-f]{2})+$/i.test(value);
}

const ROW_BYTES_USUAL = 160;
/** `0x` and 64 bytes: twice the length of the hashes of today. */
const HASH_LENGTH_MAX = 130;
