import {
  type BookSnapshot,
  bookSubject,
  eventSubject,
  isConditionId,
  isDecimal,
  isTokenId,
  type Market,
  type MarketFact,
  type PriceSnapshot,
  parseTradeId,
  priceSubject,
  type Token,
  type Trade,
  tradeSubject,
  type Unparsed,
  wholeMarket,
} from '@polytape/types';

/**
 * The trade that stands in a message's body.
 *
 * @throws {MalformedMessageError} The body is no trade, or not the one that its subject names.
 */
export function decodeTrade(subject: string, body: Uint8Array): Trade {
  const trade = decodeObject(body) as Trade;
  expect(isConditionId(trade.conditionId), 'conditionId');
  expect(isTokenId(trade.tokenId), 'tokenId');
  expect(subject === tradeSubject(trade), 'subject');
  expect(typeof trade.tradeId === 'string' && parseTradeId(trade.tradeId) !== null, 'tradeId');
  expect(trade.side === 'BUY' || trade.side === 'SELL', 'side');
  expect(isDecimal(trade.price), 'price');
  expect(isDecimal(trade.size), 'size');
  expect(trade.feeRateBps === null || isDecimal(trade.feeRateBps), 'feeRateBps');
  expect(trade.transactionHash === null || /^0x[0-9a-fA-F]{1,64}$/.test(trade.transactionHash), 'transactionHash');
  expect(isCount(trade.exchangeAtMs), 'exchangeAtMs');
  expect(isCount(trade.receivedAtUs), 'receivedAtUs');
  expect(trade.source === 'websocket' || trade.source === 'data_api', 'source');
  return trade;
}

/** The prices that stand in a message's body. @throws {MalformedMessageError} as `decodeTrade`. */
export function decodePrice(subject: string, body: Uint8Array): PriceSnapshot {
  const price = decodeObject(body) as PriceSnapshot;
  expectSnapshot(price);
  expect(subject === priceSubject(price), 'subject');
  for (const name of ['lastPrice', 'bestBid', 'bestAsk', 'midpoint', 'volume24h'] as const) {
    expect(isDecimalOrNull(price[name]), name);
  }
  return price;
}

/** The book that stands in a message's body; its levels are looked at by the database's package. @throws {MalformedMessageError} as `decodeTrade`. */
export function decodeBook(subject: string, body: Uint8Array): BookSnapshot {
  const book = decodeObject(body) as BookSnapshot;
  expectSnapshot(book);
  expect(subject === bookSubject(book), 'subject');
  expect(Array.isArray(book.bids) && Array.isArray(book.asks), 'bids, asks');
  for (const name of ['bestBid', 'bestAsk', 'midpoint', 'tickSize'] as const) expect(isDecimalOrNull(book[name]), name);
  expect(book.exchangeAtMs === null || isCount(book.exchangeAtMs), 'exchangeAtMs');
  return book;
}

/** The market document of a message. @throws {MalformedMessageError} as `decodeTrade`. */
export function decodeMarket(_subject: string, body: Uint8Array): Market {
  return expectMarket(decodeObject(body) as Market);
}

/** What happened to a market, by a message's body. @throws {MalformedMessageError} as `decodeTrade`. */
export function decodeFact(subject: string, body: Uint8Array): MarketFact {
  const fact = decodeObject(body) as MarketFact;
  expect(isConditionId(fact.conditionId), 'conditionId');
  expect(typeof fact.type === 'string' && subject === eventSubject(fact), 'subject');
  switch (fact.type) {
    case 'new_market':
    case 'market_resolved':
      expect(isCount(fact.exchangeAtMs), 'exchangeAtMs');
      expect(isCount(fact.receivedAtUs), 'receivedAtUs');
      return fact;
    case 'tick_size_change':
      expect(isTokenId(fact.tokenId), 'tokenId');
      expect(isCount(fact.exchangeAtMs), 'exchangeAtMs');
      expect(isCount(fact.receivedAtUs), 'receivedAtUs');
      return fact;
    case 'resolution_proposed':
    case 'resolution_disputed':
    case 'resolution_resolved':
    case 'resolution_reopened':
      expect(isCount(fact.step) && fact.step > 0, 'step');
      expect(typeof fact.method === 'string', 'method');
      expect(isCount(fact.seenAtMs), 'seenAtMs');
      return { ...fact, settlement: fact.settlement ?? null, exchangeAtMs: fact.exchangeAtMs ?? null };
    case 'market_changed':
      expect(Array.isArray(fact.changed) && fact.changed.every((name) => typeof name === 'string'), 'changed');
      expect(typeof fact.market === 'object' && fact.market !== null, 'market');
      return { ...fact, market: expectMarket(fact.market) };
    default:
      throw new MalformedMessageError('the type of the event is not one that this version knows');
  }
}

/** The kept copy of something that could not be parsed. @throws {MalformedMessageError} as `decodeTrade`. */
export function decodeUnparsed(_subject: string, body: Uint8Array): Unparsed {
  const record = decodeObject(body) as Unparsed;
  expect(typeof record.connectionId === 'string', 'connectionId');
  expect(isCount(record.counter), 'counter');
  expect(isCount(record.receivedAtUs), 'receivedAtUs');
  expect(typeof record.reason === 'string', 'reason');
  expect(record.encoding === 'utf8' || record.encoding === 'base64', 'encoding');
  expect(typeof record.body === 'string', 'body');
  expect(isCount(record.lengthBytes), 'lengthBytes');
  expect(typeof record.sha256 === 'string' && /^[0-9a-f]{64}$/.test(record.sha256), 'sha256');
  return record;
}

/** A message in the log is not what its stream holds: trying again cannot help, so it goes to the dead letters. */
export class MalformedMessageError extends Error {
  override readonly name = 'MalformedMessageError';
  readonly disposition = 'dead-letter';
}

function decodeObject(body: Uint8Array): unknown {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (error) {
    throw new MalformedMessageError('the body is not JSON', { cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new MalformedMessageError('the body is not a JSON object');
  }
  return value;
}

function expect(condition: boolean, field: string): asserts condition {
  if (!condition) throw new MalformedMessageError(`the field ${field} is missing or not what it should be`);
}

function expectSnapshot(snapshot: PriceSnapshot | BookSnapshot): void {
  expect(isConditionId(snapshot.conditionId), 'conditionId');
  expect(isTokenId(snapshot.tokenId), 'tokenId');
  expect(isCount(snapshot.slotAtMs), 'slotAtMs');
  expect(isCount(snapshot.seenAtMs), 'seenAtMs');
}

/** The document with all its fields. */
function expectMarket(market: Market): Market {
  expect(isConditionId(market.conditionId), 'conditionId');
  expect(isCount(market.version), 'version');
  expect(isCount(market.seenAtMs), 'seenAtMs');
  expect(typeof market.question === 'string', 'question');
  expect(typeof market.slug === 'string', 'slug');
  expect(Array.isArray(market.tokens) && market.tokens.length === 2 && market.tokens.every(isToken), 'tokens');
  expect(Array.isArray(market.tags) && market.tags.every((tag) => typeof tag === 'string'), 'tags');
  expect(typeof market.active === 'boolean' && typeof market.closed === 'boolean', 'active, closed');
  for (const name of ['tickSize', 'sizeMin'] as const) expect(isDecimalOrNull(market[name]), name);
  for (const name of ['startAtMs', 'endAtMs', 'closedAtMs'] as const) {
    expect(market[name] === null || Number.isSafeInteger(market[name]), name);
  }
  return wholeMarket(market);
}

function isDecimalOrNull(value: unknown): boolean {
  return value === null || isDecimal(value);
}

function isToken(token: Token): boolean {
  return isTokenId(token?.tokenId) && typeof token.outcome === 'string' && Number.isInteger(token.outcomeIndex);
}

/** A whole number from 0 that JSON carries exactly: a time, a version, a counter, a length. */
function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
