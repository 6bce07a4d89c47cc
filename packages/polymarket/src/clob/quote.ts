import { midpointOf, type PriceSnapshot } from '@polytape/types';
import { isAbsent, isFields, price } from '../channel/event-fields.ts';
import { plainDecimal } from '../plain-decimal.ts';

/**
 * A token's prices, canonical decimal strings; null where the venue has none, which is no price of 0.
 *
 * Source: CLOB, `POST /prices` and `POST /last-trades-prices`, asked for one after the other.
 */
export type Quote = Pick<PriceSnapshot, 'tokenId' | 'lastPrice' | 'bestBid' | 'bestAsk' | 'midpoint'>;

/**
 * What the venue answered of one token: `sides` from `/prices` (`{"BUY":"0.48","SELL":"0.49"}`, BUY being the best bid),
 * `last` from `/last-trades-prices` (`{"token_id":…,"price":"0.48","side":"BUY"}`); undefined where it answered none.
 *
 * @throws {FieldError} A price is none.
 */
export function readQuote(tokenId: string, { sides, last }: { sides: unknown; last: unknown }): Quote {
  const bestBid = bidOf(member(sides, 'BUY'));
  const bestAsk = askOf(member(sides, 'SELL'));
  return { tokenId, lastPrice: lastPriceOf(last), bestBid, bestAsk, midpoint: midpointOf(bestBid, bestAsk) };
}

/** `""`, `0` or nothing at all is how the venue writes a side without orders. */
function bidOf(value: unknown): string | null {
  const bid = priceOf(value, 'BUY');
  return bid === '0' ? null : bid;
}

/** As of a bid, and `1`: nobody sells for what a share pays at most. */
function askOf(value: unknown): string | null {
  const ask = priceOf(value, 'SELL');
  return ask === '0' || ask === '1' ? null : ask;
}

/** Of a token that was never traded the venue says `0.5`, with no side. */
function lastPriceOf(last: unknown): string | null {
  return isAbsent(member(last, 'side')) ? null : priceOf(member(last, 'price'), 'price');
}

/** Documented as JSON numbers and recorded as text. What is neither is refused in the words that it came in. */
function priceOf(value: unknown, name: string): string | null {
  return isAbsent(value) ? null : price(plainDecimal(value) ?? value, name);
}

function member(value: unknown, name: string): unknown {
  return isFields(value) ? value[name] : undefined;
}
