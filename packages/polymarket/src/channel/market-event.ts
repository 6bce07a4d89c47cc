import type { Side } from '@polytape/types';

/**
 * One checked event of the market channel. Decimals, ids and times are the venue's strings, exactly as received; `null`
 * means that the venue left the field out, sent `""`, or sent something that cannot be read.
 *
 * Source: the venue's documentation of the market channel, and the recorded frames that the tests read.
 */
export type MarketEvent =
  | BookEvent
  | PriceChangeEvent
  | LastTradePriceEvent
  | TickSizeChangeEvent
  | BestBidAskEvent
  | NewMarketEvent
  | MarketResolvedEvent;

/** Full depth of one token: sent after subscribing, and again after a trade in the token. */
export type BookEvent = {
  type: 'book';
  conditionId: string;
  tokenId: string;
  timestamp: string;
  hash: string | null;
  /** In the order received, which is worst level first. Sort before relying on element 0. */
  bids: BookLevel[];
  asks: BookLevel[];
  /** Only in the book that answers a subscription. */
  tickSize: string | null;
  /** Only in the book that answers a subscription. */
  lastTradePrice: string | null;
};

export type BookLevel = { price: string; size: string };

/** New sizes of single levels. The venue sends both tokens of a market, even if only one is subscribed. */
export type PriceChangeEvent = {
  type: 'priceChange';
  conditionId: string;
  timestamp: string;
  changes: PriceChange[];
};

export type PriceChange = {
  tokenId: string;
  price: string;
  /** The level's new size; `0` removes the level. */
  size: string;
  /** BUY changes the bids, SELL the asks. */
  side: Side;
  /** Hash of an order, repeated in all entries of one action. It is neither an id nor the book's hash. */
  hash: string | null;
  /** Best prices after the whole event; null in frames from before September 2025. */
  bestBid: string | null;
  bestAsk: string | null;
};

/** One match on the book. The venue sends neither id nor sequence number. */
export type LastTradePriceEvent = {
  type: 'lastTradePrice';
  conditionId: string;
  tokenId: string;
  /** In [0, 1]. */
  price: string;
  size: string;
  /** The taker's. */
  side: Side;
  /** Milliseconds since the epoch, 13 digits, like every `timestamp` in these types. */
  timestamp: string;
  feeRateBps: string | null;
  /** In lower case. Absent in captures of 2025. */
  transactionHash: string | null;
};

export type TickSizeChangeEvent = {
  type: 'tickSizeChange';
  conditionId: string;
  tokenId: string;
  oldTickSize: string | null;
  newTickSize: string;
  timestamp: string;
};

/** Only with `custom_feature_enabled`. The venue guarantees neither delivery nor order relative to the price change. */
export type BestBidAskEvent = {
  type: 'bestBidAsk';
  conditionId: string;
  tokenId: string;
  bestBid: string | null;
  bestAsk: string | null;
  spread: string | null;
  timestamp: string;
};

/**
 * Only with `custom_feature_enabled`, and then for every market of the venue, whatever is subscribed. Without the fields that
 * nobody records: Gamma's document has them.
 */
export type NewMarketEvent = {
  type: 'newMarket';
  gammaId: string;
  conditionId: string;
  question: string | null;
  slug: string | null;
  /** In the order of the outcomes; empty if the venue has not assigned any yet. */
  tokenIds: string[];
  outcomes: string[];
  timestamp: string;
};

/** Only with `custom_feature_enabled`, and then for every market. How a split resolution looks here is unknown. */
export type MarketResolvedEvent = {
  type: 'marketResolved';
  gammaId: string;
  conditionId: string;
  tokenIds: string[];
  winningTokenId: string | null;
  winningOutcome: string | null;
  timestamp: string;
};
