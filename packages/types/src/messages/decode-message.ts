import { isDecimal } from '../identity/decimal.ts';
import { isConditionId, isTokenId } from '../identity/ids.ts';
import { parseTradeId } from '../identity/trade-identity.ts';
import type { BookSnapshot } from './book-snapshot.ts';
import type { MarketFact } from './event.ts';
import { type Market, type MarketFees, type Token, wholeMarket } from './market.ts';
import type { PriceSnapshot } from './price-snapshot.ts';
import type { MarketResolution, Settlement } from './resolution.ts';
import { bookSubject, eventSubject, marketSubject, priceSubject, tradeSubject } from './subjects.ts';
import type { Trade } from './trade.ts';
import type { Unparsed } from './unparsed.ts';

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
  expect(trade.transactionHash === null || isTransactionHash(trade.transactionHash), 'transactionHash');
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
export function decodeMarket(subject: string, body: Uint8Array): Market {
  const market = expectMarket(decodeObject(body) as Market);
  expect(subject === marketSubject(market.conditionId), 'subject');
  return market;
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
      expect(Array.isArray(fact.tokenIds) && fact.tokenIds.every(isTokenId), 'tokenIds');
      expect(Array.isArray(fact.outcomes) && fact.outcomes.every((name) => typeof name === 'string'), 'outcomes');
      for (const name of ['winningTokenId', 'winningOutcome'] as const) expect(isTextOrAbsent(fact[name]), name);
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
      expectStep(fact);
      return { ...fact, settlement: fact.settlement ?? null, exchangeAtMs: fact.exchangeAtMs ?? null };
    case 'market_changed':
      expect(Array.isArray(fact.changed) && fact.changed.every((name) => typeof name === 'string'), 'changed');
      expect(typeof fact.market === 'object' && fact.market !== null, 'market');
      expect(fact.market.conditionId === fact.conditionId, 'market.conditionId');
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
  expect(isCount(snapshot.intervalStartMs), 'intervalStartMs');
  expect(isCount(snapshot.seenAtMs), 'seenAtMs');
}

/** The document with all its fields. */
function expectMarket(market: Market): Market {
  expect(isConditionId(market.conditionId), 'conditionId');
  expect(isOrdinal(market.version), 'version');
  expect(isCount(market.seenAtMs), 'seenAtMs');
  for (const name of ['gammaId', 'question', 'slug', 'protocol'] as const) {
    expect(typeof market[name] === 'string', name);
  }
  expect(Array.isArray(market.tokens) && market.tokens.length === 2 && market.tokens.every(isToken), 'tokens');
  expect(Array.isArray(market.tags) && market.tags.every((tag) => typeof tag === 'string'), 'tags');
  for (const name of ['active', 'closed', 'acceptingOrders', 'negRisk'] as const) {
    expect(typeof market[name] === 'boolean', name);
  }
  for (const name of ['tickSize', 'sizeMin'] as const) expect(isDecimalOrNull(market[name]), name);
  for (const name of ['volume', 'volume24h', 'liquidity'] as const) expect(isDecimalOrNull(market[name] ?? null), name);
  for (const name of ['category', 'groupItemTitle', 'questionId'] as const) expect(isTextOrAbsent(market[name]), name);
  expectEvent(market.event ?? null);
  expectFees(market.fees ?? null);
  expectResolution(market.resolution ?? null);
  for (const name of ['startAtMs', 'endAtMs', 'closedAtMs'] as const) {
    expect(market[name] === null || Number.isSafeInteger(market[name]), name);
  }
  return wholeMarket(market);
}

function expectEvent(event: Market['event']): void {
  if (event === null) return;
  for (const name of ['id', 'slug', 'title'] as const) expect(isTextOrAbsent(event[name]), `event.${name}`);
}

function expectFees(fees: MarketFees | null): void {
  if (fees === null) return;
  expect(typeof fees.enabled === 'boolean', 'fees.enabled');
  expect(isTextOrAbsent(fees.type), 'fees.type');
  for (const name of ['rate', 'exponent', 'rebateRate'] as const) {
    expect(isDecimalOrNull(fees[name] ?? null), `fees.${name}`);
  }
  expect(typeof (fees.takerOnly ?? false) === 'boolean', 'fees.takerOnly');
}

function expectResolution(resolution: MarketResolution | null): void {
  if (resolution === null) return;
  expect(RESOLUTION_STATES.has(resolution.state), 'resolution.state');
  expectStep(resolution);
  expect(resolution.reopenedAtMs === undefined || isCount(resolution.reopenedAtMs), 'resolution.reopenedAtMs');
}

/** What a step has, and where a market stands after it. */
function expectStep(
  step: Pick<MarketResolution, 'step' | 'settlement' | 'method' | 'exchangeAtMs' | 'seenAtMs'>,
): void {
  expect(isOrdinal(step.step) && step.step > 0, 'step');
  expect(typeof step.method === 'string', 'method');
  expect(isCount(step.seenAtMs), 'seenAtMs');
  expect(Number.isSafeInteger(step.exchangeAtMs ?? 0), 'exchangeAtMs');
  expectSettlement(step.settlement ?? null);
}

function expectSettlement(settlement: Settlement | null): void {
  if (settlement === null) return;
  const { outcome, winningTokenId, payouts } = settlement;
  expect(typeof outcome === 'string', 'settlement.outcome');
  expect(winningTokenId === null || isTokenId(winningTokenId), 'settlement.winningTokenId');
  const isPaid = Array.isArray(payouts) && payouts.length === 2 && payouts.every(isDecimal);
  expect(payouts === null || isPaid, 'settlement.payouts');
}

function isTransactionHash(value: unknown): boolean {
  return typeof value === 'string' && /^0x[0-9a-fA-F]{1,64}$/.test(value);
}

/** What documents of older versions lack is absent. */
function isTextOrAbsent(value: unknown): boolean {
  return value === null || value === undefined || typeof value === 'string';
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

/** A number that is counted on from, and that an integer of the database still holds then. */
function isOrdinal(value: unknown): value is number {
  return isCount(value) && value <= ORDINAL_MAX;
}

const ORDINAL_MAX = 1_000_000_000;
const RESOLUTION_STATES: ReadonlySet<unknown> = new Set<MarketResolution['state']>([
  'proposed',
  'disputed',
  'resolved',
  'reopened',
]);
