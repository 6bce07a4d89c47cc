import { canonicalConditionId } from '../canonical-condition-id.ts';
import * as field from './event-fields.ts';
import type {
  BestBidAskEvent,
  BookEvent,
  BookLevel,
  LastTradePriceEvent,
  MarketEvent,
  MarketResolvedEvent,
  NewMarketEvent,
  PriceChange,
  PriceChangeEvent,
  TickSizeChangeEvent,
} from './market-event.ts';

/**
 * Reads one element of a frame as the event that it names, or returns null for an unknown name. A wrong optional field does
 * not cost the event: the field is null, and `flaw` gets the reason.
 *
 * @throws {FieldError} The event is known, but a required field is missing or wrong.
 */
export function readEvent(eventType: string, raw: field.Fields, flaw: field.Flaw): MarketEvent | null {
  switch (eventType) {
    case 'price_change':
      return priceChange(raw, flaw);
    case 'last_trade_price':
      return lastTradePrice(raw, flaw);
    case 'book':
      return book(raw, flaw);
    case 'best_bid_ask':
      return bestBidAsk(raw, flaw);
    case 'tick_size_change':
      return tickSizeChange(raw, flaw);
    case 'new_market':
      return newMarket(raw, flaw);
    case 'market_resolved':
      return marketResolved(raw, flaw);
    default:
      return null;
  }
}

function lastTradePrice(raw: field.Fields, flaw: field.Flaw): LastTradePriceEvent {
  return {
    type: 'lastTradePrice',
    ...ids(raw),
    price: field.price(raw.price, 'price'),
    size: field.decimal(raw.size, 'size'),
    side: field.side(raw.side, 'side'),
    timestamp: field.timestamp(raw.timestamp, 'timestamp'),
    feeRateBps: field.optionalDecimal(raw.fee_rate_bps, 'fee_rate_bps', flaw),
    transactionHash: field.transactionHash(raw.transaction_hash, 'transaction_hash', flaw),
  };
}

function book(raw: field.Fields, flaw: field.Flaw): BookEvent {
  return {
    type: 'book',
    ...ids(raw),
    timestamp: field.timestamp(raw.timestamp, 'timestamp'),
    hash: field.optionalText(raw.hash, 'hash', flaw),
    bids: levels(raw.bids, 'bids'),
    asks: levels(raw.asks, 'asks'),
    tickSize: field.optionalDecimal(raw.tick_size, 'tick_size', flaw),
    lastTradePrice: field.optionalDecimal(raw.last_trade_price, 'last_trade_price', flaw),
  };
}

function levels(value: unknown, name: string): BookLevel[] {
  return field.list(value, name, BOOK_LEVELS_MAX).map((item) => {
    const level = field.fields(item, `a level of ${name}`);
    return { price: field.decimal(level.price, `${name} price`), size: field.decimal(level.size, `${name} size`) };
  });
}

/**
 * Three formats: since 2025-09-15 `price_changes`, with a token in each entry; before that one token at the top and its
 * levels in `changes`; in captures of 2024 a single flat level.
 */
function priceChange(raw: field.Fields, flaw: field.Flaw): PriceChangeEvent {
  const time = field.timestamp(raw.timestamp, 'timestamp');
  if (raw.price_changes !== undefined) {
    const market = field.conditionId(raw.market, 'market');
    const changes = field.list(raw.price_changes, 'price_changes', PRICE_CHANGES_MAX).map((item) => {
      const entry = field.fields(item, 'an entry of price_changes');
      return change(entry, field.tokenId(entry.asset_id, 'asset_id'), entry.hash, flaw);
    });
    const first = changes[0];
    const conditionId = first === undefined ? market : canonicalConditionId(market, first.tokenId);
    return { type: 'priceChange', conditionId, timestamp: time, changes };
  }
  const { conditionId, tokenId } = ids(raw);
  const entries = raw.changes === undefined ? [raw] : field.list(raw.changes, 'changes', PRICE_CHANGES_MAX);
  const changes = entries.map((item) => change(field.fields(item, 'an entry of changes'), tokenId, raw.hash, flaw));
  return { type: 'priceChange', conditionId, timestamp: time, changes };
}

function change(entry: field.Fields, tokenId: string, hash: unknown, flaw: field.Flaw): PriceChange {
  return {
    tokenId,
    price: field.decimal(entry.price, 'price'),
    size: field.decimal(entry.size, 'size'),
    side: field.side(entry.side, 'side'),
    hash: field.optionalText(hash, 'hash', flaw),
    bestBid: field.optionalDecimal(entry.best_bid, 'best_bid', flaw),
    bestAsk: field.optionalDecimal(entry.best_ask, 'best_ask', flaw),
  };
}

function tickSizeChange(raw: field.Fields, flaw: field.Flaw): TickSizeChangeEvent {
  return {
    type: 'tickSizeChange',
    ...ids(raw),
    oldTickSize: field.optionalDecimal(raw.old_tick_size, 'old_tick_size', flaw),
    newTickSize: field.decimal(raw.new_tick_size, 'new_tick_size'),
    timestamp: field.timestamp(raw.timestamp, 'timestamp'),
  };
}

function bestBidAsk(raw: field.Fields, flaw: field.Flaw): BestBidAskEvent {
  return {
    type: 'bestBidAsk',
    ...ids(raw),
    bestBid: field.optionalDecimal(raw.best_bid, 'best_bid', flaw),
    bestAsk: field.optionalDecimal(raw.best_ask, 'best_ask', flaw),
    spread: field.optionalDecimal(raw.spread, 'spread', flaw),
    timestamp: field.timestamp(raw.timestamp, 'timestamp'),
  };
}

function newMarket(raw: field.Fields, flaw: field.Flaw): NewMarketEvent {
  return {
    type: 'newMarket',
    ...lifecycle(raw),
    question: field.optionalText(raw.question, 'question', flaw),
    slug: field.optionalText(raw.slug, 'slug', flaw),
    outcomes: field.optionalTexts(raw.outcomes, 'outcomes', flaw),
  };
}

function marketResolved(raw: field.Fields, flaw: field.Flaw): MarketResolvedEvent {
  return {
    type: 'marketResolved',
    ...lifecycle(raw),
    winningTokenId: field.optionalTokenId(raw.winning_asset_id, 'winning_asset_id', flaw),
    winningOutcome: field.optionalText(raw.winning_outcome, 'winning_outcome', flaw),
  };
}

/** The fields of both global events. The venue has used several names for the list of tokens. */
function lifecycle(raw: field.Fields) {
  const named = ['assets_ids', 'asset_ids', 'token_ids', 'clob_token_ids'].find((name) => !field.isAbsent(raw[name]));
  const tokenIds = named === undefined ? [] : field.tokenIds(raw[named], named);
  const market = field.conditionId(field.isAbsent(raw.market) ? raw.condition_id : raw.market, 'market');
  const first = tokenIds[0];
  return {
    gammaId: field.text(raw.id, 'id'),
    conditionId: first === undefined ? market : canonicalConditionId(market, first),
    tokenIds,
    timestamp: field.timestamp(raw.timestamp, 'timestamp'),
  };
}

function ids(raw: field.Fields): { conditionId: string; tokenId: string } {
  const tokenId = field.tokenId(raw.asset_id, 'asset_id');
  return { conditionId: canonicalConditionId(field.conditionId(raw.market, 'market'), tokenId), tokenId };
}

/** A tick of 0.0001 allows 9,999 prices on each side. */
const BOOK_LEVELS_MAX = 20_000;
const PRICE_CHANGES_MAX = 20_000;
