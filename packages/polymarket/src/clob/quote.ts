import { midpointOf, type PriceSnapshot } from '@polytape/types';
import { isAbsent, isFields, price } from '../channel/event-fields.ts';
import { plainDecimal } from '../plain-decimal.ts';

/**
 * A token's prices as canonical decimal strings; null if the venue has none, which is not a price of 0.
 *
 * Source: CLOB, `POST /prices` and `POST /last-trades-prices`, requested one after the other.
 */
export type Quote = Pick<PriceSnapshot, 'tokenId' | 'lastPrice' | 'bestBid' | 'bestAsk' | 'midpoint'>;

/**
 * Reads the venue's answers for one token: `sides` from `/prices` (`{"BUY":"0.48","SELL":"0.49"}`, where BUY is the best
 * bid), `last` from `/last-trades-prices` (`{"token_id":…,"price":"0.48","side":"BUY"}`); undefined without an answer.
 *
 * @throws {FieldError} A price is malformed.
 */
export function readQuote(tokenId: string, { sides, last }: { sides: unknown; last: unknown }): Quote {
  const bestBid = bidOf(member(sides, 'BUY'));
  const bestAsk = askOf(member(sides, 'SELL'));
  return { tokenId, lastPrice: lastPriceOf(last), bestBid, bestAsk, midpoint: midpointOf(bestBid, bestAsk) };
}

/** The venue writes a side without orders as `""`, as `0` or not at all. */
function bidOf(value: unknown): string | null {
  const bid = priceOf(value, 'BUY');
  return bid === '0' ? null : bid;
}

/** As for a bid, or `1`: nobody sells for the most that a share can pay. */
function askOf(value: unknown): string | null {
  const ask = priceOf(value, 'SELL');
  return ask === '0' || ask === '1' ? null : ask;
}

/** For a token that was never traded the venue answers `0.5` without a side. */
function lastPriceOf(last: unknown): string | null {
  return isAbsent(member(last, 'side')) ? null : priceOf(member(last, 'price'), 'price');
}

/** Documented as JSON numbers and recorded as text. */
function priceOf(value: unknown, name: string): string | null {
  return isAbsent(value) ? null : price(plainDecimal(value) ?? value, name);
}

function member(value: unknown, name: string): unknown {
  return isFields(value) ? value[name] : undefined;
}
