import { hash } from 'node:crypto';
import { sizeText } from '../catalogue/share-size.ts';
import type { SimMarket, SimToken } from '../catalogue/sim-market.ts';
import type { Pair } from '../exchange/market-life.ts';
import type { Level, OrderBook, Side } from '../exchange/order-book.ts';
import type { Prng } from '../exchange/prng.ts';
import type { TruthTrade } from '../exchange/truth-trade.ts';

/**
 * The spelling of an event. The venue's frames differ: most are compact with a late `event_type`, some have a space after each
 * colon and comma, a few begin with the type.
 */
export type Spelling = 'compact' | 'spaced' | 'typeFirst';

/** A random spelling with the venue's frequencies. */
export function pickSpelling(prng: Prng): Spelling {
  const chance = prng.unit();
  if (chance < SPACED_SHARE) return 'spaced';
  return chance < SPACED_SHARE + TYPE_FIRST_SHARE ? 'typeFirst' : 'compact';
}

/** `last_trade_price`: a fill of the taker's token. */
export function tradeEvent(trade: TruthTrade, spelling: Spelling): string {
  const fee = trade.feeRateBps === null ? '' : `"fee_rate_bps":"${trade.feeRateBps}",`;
  const transaction = trade.transactionHash === null ? '' : `,"transaction_hash":"${trade.transactionHash}"`;
  const body =
    `"market":"${trade.conditionId}","asset_id":"${trade.tokenId}","price":"${trade.price}","size":"${trade.size}",` +
    `${fee}"side":"${trade.side}","timestamp":"${trade.timestamp}"`;
  return spelt('last_trade_price', body, transaction, spelling);
}

/** The new size of a level, with the best prices after the whole batch. */
export type PriceChangeEntry = { token: SimToken; price: string; size: string; side: Side; hash: string };

/** `price_change`: entries for both tokens of a market. */
export function priceChangeEvent(
  market: SimMarket,
  entries: readonly PriceChangeEntry[],
  timestamp: string,
  spelling: Spelling,
): string {
  const tops = market.tokens.map((token) => bestPrices(market.book, token));
  let list = '';
  for (const entry of entries) {
    const top = tops[entry.token.outcomeIndex];
    list +=
      `${list === '' ? '' : ','}{"asset_id":"${entry.token.tokenId}","price":"${entry.price}","size":"${entry.size}",` +
      `"side":"${entry.side}","hash":"${entry.hash}","best_bid":"${top?.bid}","best_ask":"${top?.ask}"}`;
  }
  const body = `"market":"${market.conditionId}","price_changes":[${list}],"timestamp":"${timestamp}"`;
  return spelt('price_change', body, '', spelling);
}

/** Best bid and ask of a token; the empty string for an empty side. */
export function bestPrices(book: OrderBook, token: SimToken): { bid: string; ask: string } {
  const { prices, ticks } = book.grid;
  const bid = book.best('BUY');
  const ask = book.best('SELL');
  if (token.outcomeIndex === 0) {
    return { bid: bid === null ? '' : (prices[bid] ?? ''), ask: ask === null ? '' : (prices[ask] ?? '') };
  }
  return {
    bid: ask === null ? '' : (prices[ticks - ask] ?? ''),
    ask: bid === null ? '' : (prices[ticks - bid] ?? ''),
  };
}

/** `book` after a trade: without tick size and last price. */
export function postTradeBookEvent(token: SimToken, timestamp: string, spelling: Spelling): string {
  const sides = bookSides(token);
  const body =
    `"market":"${token.market.conditionId}","asset_id":"${token.tokenId}",${sides},` +
    `"hash":"${bookHash(token, sides, timestamp)}","timestamp":"${timestamp}"`;
  return spelt('book', body, '', spelling);
}

/**
 * The timestamp of a requested book, on either interface: the time of its last change, not of the request. In recorded data a
 * first book has the time and hash of the last change before it; that of an idle market is 16 s older than all later events.
 */
export function bookTimestamp(market: SimMarket): string {
  return String(market.bookChangedAtMs ?? market.createdAtMs);
}

/** `book` after a subscription: with tick size and last price. */
export function subscribeBookEvent(token: SimToken, timestamp: string): string {
  const sides = bookSides(token);
  return (
    `{"market":"${token.market.conditionId}","asset_id":"${token.tokenId}","timestamp":"${timestamp}",` +
    `"hash":"${bookHash(token, sides, timestamp)}",${sides},"tick_size":"${token.market.book.grid.tickSize}",` +
    `"event_type":"book","last_trade_price":"${lastTradePrice(token)}"}`
  );
}

/** The body of CLOB's `GET /book`. */
export function bookSummary(token: SimToken, timestamp: string): string {
  const sides = bookSides(token);
  return bookSummaryText(token, sides, timestamp, bookHash(token, sides, timestamp));
}

export function tickSizeChangeEvent(token: SimToken, change: { from: string; to: string; timestamp: string }): string {
  return (
    `{"event_type":"tick_size_change","asset_id":"${token.tokenId}","market":"${token.market.conditionId}",` +
    `"old_tick_size":"${change.from}","new_tick_size":"${change.to}","timestamp":"${change.timestamp}"}`
  );
}

export function bestBidAskEvent(token: SimToken, timestamp: string): string {
  const { grid } = token.market.book;
  const { bid, ask } = bestPrices(token.market.book, token);
  const spread = bid === '' || ask === '' ? '' : trimmed((Number(ask) - Number(bid)).toFixed(decimals(grid.tickSize)));
  return (
    `{"market":"${token.market.conditionId}","asset_id":"${token.tokenId}","best_bid":"${bid}","best_ask":"${ask}",` +
    `"spread":"${spread}","timestamp":"${timestamp}","event_type":"best_bid_ask"}`
  );
}

export function newMarketEvent(market: SimMarket, timestamp: string): string {
  const ids = market.tokens.map((token) => token.tokenId);
  const { event } = market;
  return JSON.stringify({
    id: market.gammaId,
    question: market.question,
    market: market.conditionId,
    slug: market.slug,
    description: event.description,
    assets_ids: ids,
    outcomes: market.tokens.map((token) => token.outcome),
    event_message: {
      id: event.id,
      ticker: event.slug,
      slug: event.slug,
      title: event.title,
      description: event.description,
    },
    timestamp,
    event_type: 'new_market',
    tags: event.tags,
    condition_id: market.conditionId,
    active: true,
    clob_token_ids: ids,
    sports_market_type: '',
    line: '',
    game_start_time: '',
    order_price_min_tick_size: market.tickSize,
    group_item_title: market.groupItemTitle,
    taker_base_fee: market.feeRateBps,
    fees_enabled: event.feeType !== null,
  });
}

/** `market_resolved`, without the winner's token and outcome if nobody or both won. */
export function marketResolvedEvent(market: SimMarket, payouts: Pair, timestamp: string): string {
  const winner = payouts.includes('0') ? market.tokens[payouts.indexOf('1')] : undefined;
  return JSON.stringify({
    id: market.gammaId,
    market: market.conditionId,
    assets_ids: market.tokens.map((token) => token.tokenId),
    ...(winner === undefined ? {} : { winning_asset_id: winner.tokenId, winning_outcome: winner.outcome }),
    event_message: null,
    timestamp,
    event_type: 'market_resolved',
    tags: market.event.tags,
  });
}

/** Minimum order in shares, the same for every market. */
export const ORDER_SIZE_MIN = '5';

const SPACED_SHARE = 0.08;
const TYPE_FIRST_SHARE = 0.03;

function spelt(type: string, body: string, tail: string, spelling: Spelling): string {
  if (spelling === 'typeFirst') return `{"event_type":"${type}",${body}${tail}}`;
  const text = `{${body},"event_type":"${type}"${tail}}`;
  // No value of these events contains a comma or a colon, so only the punctuation changes.
  return spelling === 'spaced' ? text.replaceAll(':', ': ').replaceAll(',', ', ') : text;
}

function bookSides(token: SimToken): string {
  const { book } = token.market;
  return token.outcomeIndex === 0
    ? `"bids":[${levels(book.bids, book, false)}],"asks":[${levels(book.asks, book, false)}]`
    : `"bids":[${levels(book.asks, book, true)}],"asks":[${levels(book.bids, book, true)}]`;
}

function levels(side: readonly Level[], book: OrderBook, mirrored: boolean): string {
  const { prices, ticks } = book.grid;
  let list = '';
  for (const level of side) {
    const price = prices[mirrored ? ticks - level.tick : level.tick];
    list += `${list === '' ? '' : ','}{"price":"${price}","size":"${sizeText(level.sizeMicro)}"}`;
  }
  return list;
}

function bookSummaryText(token: SimToken, sides: string, timestamp: string, bookHash: string): string {
  const { market } = token;
  return (
    `{"market":"${market.conditionId}","asset_id":"${token.tokenId}","timestamp":"${timestamp}","hash":"${bookHash}",` +
    `${sides},"min_order_size":"${ORDER_SIZE_MIN}","tick_size":"${market.book.grid.tickSize}",` +
    `"neg_risk":${market.event.negRisk},"last_trade_price":"${lastTradePrice(token)}"}`
  );
}

/** The venue's hash: sha1 over the summary with an empty hash. */
function bookHash(token: SimToken, sides: string, timestamp: string): string {
  return hash('sha1', bookSummaryText(token, sides, timestamp, ''));
}

/** The venue reports 0.5 for a market without trades. */
function lastTradePrice({ market, outcomeIndex }: SimToken): string {
  if (market.lastTrade === null) return '0.5';
  return outcomeIndex === 0 ? market.lastTrade.price : market.lastTrade.mirrorPrice;
}

function decimals(tickSize: string): number {
  return tickSize.length - 2;
}

function trimmed(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
