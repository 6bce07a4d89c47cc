import { tickOfPrice } from '../catalogue/price-grid.ts';
import { microOfSize } from '../catalogue/share-size.ts';
import type { SimToken } from '../catalogue/sim-market.ts';
import type { Side } from '../exchange/order-book.ts';
import type { Prng } from '../exchange/prng.ts';
import { TradeRequestError } from '../venue-sim-errors.ts';
import type { TradeRequest } from './venue-control.ts';

/** A checked request. The exchange chooses the values that are undefined. */
export type RequestedTrade = {
  token: SimToken;
  side: Side;
  /** A tick of the token's own book, 1 to ticks - 1; null for the best price. */
  tick: number | null;
  sizeMicro: number;
  transactionHash: string | null | undefined;
  feeRateBps: string | null | undefined;
  timestampMs: number | undefined;
};

/** Checks a request, which may come from another process. @throws {TradeRequestError} It is invalid. */
export function requestedTrade(request: TradeRequest, token: SimToken, prng: Prng): RequestedTrade {
  const { price, size = '10', timestamp, transactionHash, feeRateBps } = request;
  const { grid } = token.market.book;
  const tick = price === undefined ? null : tickOfPrice(grid, price);
  if (price !== undefined && (tick === null || tick === 0 || tick === grid.ticks)) {
    throw new TradeRequestError(`price ${String(price)} is not between 0 and 1 on the tick ${grid.tickSize}`);
  }
  const sizeMicro = microOfSize(size);
  if (sizeMicro === null || sizeMicro === 0) {
    throw new TradeRequestError(`size ${String(size)} is not a number of shares with up to 6 decimals`);
  }
  const side = request.side ?? (prng.chance(0.5) ? 'BUY' : 'SELL');
  if (side !== 'BUY' && side !== 'SELL') throw new TradeRequestError('side must be BUY or SELL');
  if (timestamp !== undefined && !/^\d{13}$/.test(String(timestamp))) {
    throw new TradeRequestError('timestamp must be milliseconds since the epoch, as a string');
  }
  for (const [name, value] of Object.entries({ transactionHash, feeRateBps })) {
    if (value !== undefined && value !== null && !/^[0-9a-zA-Z]{0,80}$/.test(value)) {
      throw new TradeRequestError(`${name} must be a string of letters and digits, or null`);
    }
  }
  return {
    token,
    side,
    tick,
    sizeMicro,
    transactionHash,
    feeRateBps,
    timestampMs: timestamp === undefined ? undefined : Number(timestamp),
  };
}
