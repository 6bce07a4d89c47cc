import { parseTradeId, scanTrade, type Trade } from '@polytape/types';
import { BatchRejectedError } from '../errors.ts';
import { CopyBuffer } from './copy-buffer.ts';
import type { CopyTable } from './copy-table.ts';

/** Columns in the order in which `TradeRows` writes them. */
export const TRADES: CopyTable = {
  table: 'trades',
  columns:
    'ts, received_at, content, token_key, connection_key, ordinal, side, source, price, size, fee_rate_bps, transaction_hash',
  key: 'ts, token_key, content, ordinal',
};

export type TradeRow = Trade & {
  /** Connection that saw the trade, from the message's headers; null when they name no valid one (`isConnectionId`). */
  connectionId: string | null;
};

/**
 * Trades as the body of a binary COPY, written as they are added; the keys of their tokens and connections follow when the
 * batch is stored. Most trades go from the bytes of a message to those of a row, with no objects in between.
 */
export class TradeRows {
  readonly #rows = new CopyBuffer({ bytesExpected: ROWS_USUAL * ROW_BYTES_USUAL });
  /** Where each row has its key of the token, and of the connection. */
  readonly #tokenKeysAt: number[] = [];
  readonly #connectionKeysAt: number[] = [];
  readonly tokenIds: string[] = [];
  readonly conditionIds: string[] = [];
  /** Of those rows that have a connection. */
  readonly connectionIds: string[] = [];
  /** By row: our clock when the trade was received, microseconds since the epoch. */
  readonly receivedAtUs: number[] = [];
  /** Rows with an ordinal above 0: one connection received the same content more than once. */
  suspectedRepeats = 0;

  static of(trades: readonly TradeRow[]): TradeRows {
    const rows = new TradeRows();
    for (const trade of trades) rows.add(trade);
    return rows;
  }

  get length(): number {
    return this.tokenIds.length;
  }

  /**
   * Adds the trade of a message if it is written as ingestors write it. False for any other body, good or bad: decode it.
   */
  addMessage(subject: string, body: Uint8Array, connectionId: string | null): boolean {
    const trade = scanTrade(subject, body);
    if (trade === null) return false;
    const rows = this.#rows;
    this.#times(trade);
    rows.hexBytes(body, trade.contentAt, trade.contentAt + 16);
    this.#keys(trade, connectionId, trade.ordinal);
    rows.char(trade.isBuy ? 'B' : 'S');
    rows.char(trade.isLive ? 'w' : 'd');
    rows.numericBytes(body, trade.priceAt, trade.priceEnd);
    rows.numericBytes(body, trade.sizeAt, trade.sizeEnd);
    if (trade.feeRateAt < 0) rows.null();
    else rows.numericBytes(body, trade.feeRateAt, trade.feeRateEnd);
    if (trade.hashAt < 0) rows.null();
    else rows.hexBytes(body, trade.hashAt, trade.hashEnd);
    return true;
  }

  /** @throws {BatchRejectedError} A value has no place in its column: decoding let it through. These rows are spoilt then. */
  add(trade: TradeRow): void {
    try {
      this.#add(trade);
    } catch (error) {
      if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
      throw new BatchRejectedError(error.message, { cause: error });
    }
  }

  /** The rows with these keys, by row and by row with a connection. */
  copy(tokens: readonly number[], connections: readonly number[]): Buffer {
    this.#tokenKeysAt.forEach((at, row) => {
      this.#rows.setInt32(at, tokens[row] ?? 0);
    });
    this.#connectionKeysAt.forEach((at, row) => {
      this.#rows.setInt32(at, connections[row] ?? 0);
    });
    return this.#rows.finish();
  }

  #add(trade: TradeRow): void {
    const id = parseTradeId(trade.tradeId);
    if (id === null) throw new RangeError(`not a trade id: ${trade.tradeId}`);
    const rows = this.#rows;
    this.#times(trade);
    rows.hex(id.contentHash);
    this.#keys(trade, trade.connectionId, id.ordinal);
    rows.char(trade.side === 'BUY' ? 'B' : 'S');
    rows.char(trade.source === 'websocket' ? 'w' : 'd');
    rows.numeric(trade.price);
    rows.numeric(trade.size);
    rows.numericOrNull(trade.feeRateBps);
    if (trade.transactionHash === null) rows.null();
    else rows.hex(trade.transactionHash.slice(2));
  }

  #times({ exchangeAtMs, receivedAtUs }: { exchangeAtMs: number; receivedAtUs: number }): void {
    this.#rows.row(12);
    this.#rows.timestamp(exchangeAtMs * 1_000);
    this.#rows.timestamp(receivedAtUs);
    this.receivedAtUs.push(receivedAtUs);
  }

  #keys(ids: { tokenId: string; conditionId: string }, connectionId: string | null, ordinal: number): void {
    const rows = this.#rows;
    this.tokenIds.push(ids.tokenId);
    this.conditionIds.push(ids.conditionId);
    this.#tokenKeysAt.push(rows.length);
    rows.int32(0);
    if (connectionId === null) rows.null();
    else {
      this.connectionIds.push(connectionId);
      this.#connectionKeysAt.push(rows.length);
      rows.int32(0);
    }
    rows.int16(ordinal);
    if (ordinal > 0) this.suspectedRepeats += 1;
  }
}

const ROWS_USUAL = 64;
const ROW_BYTES_USUAL = 160;
