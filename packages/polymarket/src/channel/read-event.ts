import { canonicalConditionId } from '../canonical-condition-id.ts';
import * as field from './event-fields.ts';
import type {
  BestBidAskEvent,
  BookEvent,
  BookLevel,
  EventMessage,
  FeeSchedule,
  LastTradePriceEvent,
  MarketEvent,
  MarketResolvedEvent,
  NewMarketEvent,
  PriceChange,
  PriceChangeEvent,
  TickSizeChangeEvent,
} from './market-event.ts';

/**
 * Reads one element of a frame as the event it names; null when the name is not known.
 *
 * @throws {FieldError} The event is known, but a field is missing or not what the venue is known to send.
 */
export function readEvent(eventType: string, raw: field.Fields): MarketEvent | null {
  switch (eventType) {
    case 'price_change':
      return priceChange(raw);
    case 'last_trade_price':
      return lastTradePrice(raw);
    case 'book':
      return book(raw);
    case 'best_bid_ask':
      return bestBidAsk(raw);
    case 'tick_size_change':
      return tickSizeChange(raw);
    case 'new_market':
      return newMarket(raw);
    case 'market_resolved':
      return marketResolved(raw);
    default:
      return null;
  }
}

function lastTradePrice(raw: field.Fields): LastTradePriceEvent {
  return {
    type: 'lastTradePrice',
    ...ids(raw),
    price: field.price(raw.price, 'price'),
    size: field.decimal(raw.size, 'size'),
    side: field.side(raw.side, 'side'),
    timestamp: field.timestamp(raw.timestamp, 'timestamp'),
    feeRateBps: field.optionalDecimal(raw.fee_rate_bps, 'fee_rate_bps'),
    transactionHash: field.transactionHash(raw.transaction_hash, 'transaction_hash'),
  };
}

function book(raw: field.Fields): BookEvent {
  return {
    type: 'book',
    ...ids(raw),
    timestamp: field.timestamp(raw.timestamp, 'timestamp'),
    hash: field.optionalText(raw.hash, 'hash'),
    bids: levels(raw.bids, 'bids'),
    asks: levels(raw.asks, 'asks'),
    tickSize: field.optionalDecimal(raw.tick_size, 'tick_size'),
    lastTradePrice: field.optionalDecimal(raw.last_trade_price, 'last_trade_price'),
  };
}

function levels(value: unknown, name: string): BookLevel[] {
  return field.list(value, name, BOOK_LEVELS_MAX).map((item) => {
    const level = field.fields(item, `a level of ${name}`);
    return { price: field.decimal(level.price, `${name} price`), size: field.decimal(level.size, `${name} size`) };
  });
}

/**
 * Three formats. Since 2025-09-15 `price_changes` with a token in each entry; before that one token above and its
 * levels in `changes`; in captures of 2024 one level, written flat.
 */
function priceChange(raw: field.Fields): PriceChangeEvent {
  const time = field.timestamp(raw.timestamp, 'timestamp');
  if (raw.price_changes !== undefined) {
    const market = field.conditionId(raw.market, 'market');
    const changes = field.list(raw.price_changes, 'price_changes', PRICE_CHANGES_MAX).map((item) => {
      const entry = field.fields(item, 'an entry of price_changes');
      return change(entry, field.tokenId(entry.asset_id, 'asset_id'), entry.hash);
    });
    const first = changes[0];
    const conditionId = first === undefined ? market : canonicalConditionId(market, first.tokenId);
    return { type: 'priceChange', conditionId, timestamp: time, changes };
  }
  const { conditionId, tokenId } = ids(raw);
  const entries = raw.changes === undefined ? [raw] : field.list(raw.changes, 'changes', PRICE_CHANGES_MAX);
  const changes = entries.map((item) => change(field.fields(item, 'an entry of changes'), tokenId, raw.hash));
  return { type: 'priceChange', conditionId, timestamp: time, changes };
}

function change(entry: field.Fields, tokenId: string, hash: unknown): PriceChange {
  return {
    tokenId,
    price: field.decimal(entry.price, 'price'),
    size: field.decimal(entry.size, 'size'),
    side: field.side(entry.side, 'side'),
    hash: field.optionalText(hash, 'hash'),
    bestBid: field.optionalDecimal(entry.best_bid, 'best_bid'),
    bestAsk: field.optionalDecimal(entry.best_ask, 'best_ask'),
  };
}

function tickSizeChange(raw: field.Fields): TickSizeChangeEvent {
  return {
    type: 'tickSizeChange',
    ...ids(raw),
    oldTickSize: field.optionalDecimal(raw.old_tick_size, 'old_tick_size'),
    newTickSize: field.decimal(raw.new_tick_size, 'new_tick_size'),
    timestamp: field.timestamp(raw.timestamp, 'timestamp'),
  };
}

function bestBidAsk(raw: field.Fields): BestBidAskEvent {
  return {
    type: 'bestBidAsk',
    ...ids(raw),
    bestBid: field.optionalDecimal(raw.best_bid, 'best_bid'),
    bestAsk: field.optionalDecimal(raw.best_ask, 'best_ask'),
    spread: field.optionalDecimal(raw.spread, 'spread'),
    timestamp: field.timestamp(raw.timestamp, 'timestamp'),
  };
}

function newMarket(raw: field.Fields): NewMarketEvent {
  return {
    type: 'newMarket',
    ...lifecycle(raw),
    question: field.optionalText(raw.question, 'question'),
    slug: field.optionalText(raw.slug, 'slug'),
    description: field.optionalText(raw.description, 'description'),
    outcomes: field.optionalTexts(raw.outcomes, 'outcomes'),
    active: field.optionalFlag(raw.active, 'active'),
    sportsMarketType: field.optionalText(raw.sports_market_type, 'sports_market_type'),
    line: field.optionalText(raw.line, 'line'),
    gameStartTime: field.optionalText(raw.game_start_time, 'game_start_time'),
    tickSize: field.optionalDecimal(raw.order_price_min_tick_size, 'order_price_min_tick_size'),
    groupItemTitle: field.optionalText(raw.group_item_title, 'group_item_title'),
    takerBaseFee: field.optionalDecimal(raw.taker_base_fee, 'taker_base_fee'),
    feesEnabled: field.optionalFlag(raw.fees_enabled, 'fees_enabled'),
    feeSchedule: field.isAbsent(raw.fee_schedule) ? null : feeSchedule(field.fields(raw.fee_schedule, 'fee_schedule')),
  };
}

function marketResolved(raw: field.Fields): MarketResolvedEvent {
  const winner = raw.winning_asset_id;
  return {
    type: 'marketResolved',
    ...lifecycle(raw),
    winningTokenId: field.isAbsent(winner) ? null : field.tokenId(winner, 'winning_asset_id'),
    winningOutcome: field.optionalText(raw.winning_outcome, 'winning_outcome'),
  };
}

/** What both global events have. Clients have met three spellings of the list of tokens. */
function lifecycle(raw: field.Fields) {
  const named = ['assets_ids', 'asset_ids', 'token_ids', 'clob_token_ids'].find((name) => !field.isAbsent(raw[name]));
  const tokenIds = named === undefined ? [] : field.tokenIds(raw[named], named);
  const market = field.conditionId(field.isAbsent(raw.market) ? raw.condition_id : raw.market, 'market');
  const first = tokenIds[0];
  return {
    gammaId: field.text(raw.id, 'id'),
    conditionId: first === undefined ? market : canonicalConditionId(market, first),
    tokenIds,
    event: field.isAbsent(raw.event_message) ? null : eventMessage(field.fields(raw.event_message, 'event_message')),
    tags: field.optionalTexts(raw.tags, 'tags'),
    timestamp: field.timestamp(raw.timestamp, 'timestamp'),
  };
}

function eventMessage(raw: field.Fields): EventMessage {
  return {
    id: field.text(raw.id, 'event_message id'),
    ticker: field.optionalText(raw.ticker, 'event_message ticker'),
    slug: field.optionalText(raw.slug, 'event_message slug'),
    title: field.optionalText(raw.title, 'event_message title'),
    description: field.optionalText(raw.description, 'event_message description'),
  };
}

function feeSchedule(raw: field.Fields): FeeSchedule {
  return {
    exponent: field.optionalDecimal(raw.exponent, 'fee_schedule exponent'),
    rate: field.optionalDecimal(raw.rate, 'fee_schedule rate'),
    rebateRate: field.optionalDecimal(raw.rebate_rate, 'fee_schedule rebate_rate'),
    takerOnly: field.optionalFlag(raw.taker_only, 'fee_schedule taker_only'),
  };
}

function ids(raw: field.Fields): { conditionId: string; tokenId: string } {
  const tokenId = field.tokenId(raw.asset_id, 'asset_id');
  return { conditionId: canonicalConditionId(field.conditionId(raw.market, 'market'), tokenId), tokenId };
}

/** A tick of 0.0001 leaves 9,999 prices a side. */
const BOOK_LEVELS_MAX = 20_000;
const PRICE_CHANGES_MAX = 20_000;
