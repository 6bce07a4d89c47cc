import { isDecimal } from '../identity/decimal.ts';
import { isConditionId, isTokenId } from '../identity/ids.ts';
import { parseTradeId } from '../identity/trade-identity.ts';
import type { BookSnapshot } from './book-snapshot.ts';
import type { MarketFact } from './event.ts';
import type { Market, MarketFees, Token } from './market.ts';
import { isPlausibleTime } from './plausible-time.ts';
import type { PriceSnapshot } from './price-snapshot.ts';
import type { MarketResolution, Settlement } from './resolution.ts';
import type { SnapshotPage } from './snapshot-page.ts';
import { eventSubject, isConnectionId, marketSubject, snapshotSubject, tradeSubject } from './subjects.ts';
import type { Trade } from './trade.ts';
import type { Unparsed } from './unparsed.ts';
import { isCount, isRecord } from './value-fault.ts';

/**
 * These functions decide what a message of the log must have, and nothing else does. A body is whatever was published on
 * the subject; the database can store every body that passes. (`scanTrade` is a faster way through `decodeTrade`, for the same
 * bodies or fewer.)
 *
 * Each throws a MalformedMessageError when the body is not one of its stream, or not the one that its subject names.
 */
export function decodeTrade(subject: string, body: Uint8Array): Trade {
  const trade = decodeObject(body) as Trade;
  expectIds(trade);
  expectSubject(subject, tradeSubject(trade));
  expect(typeof trade.tradeId === 'string' && parseTradeId(trade.tradeId) !== null, 'tradeId', trade.tradeId);
  expect(trade.side === 'BUY' || trade.side === 'SELL', 'side', trade.side);
  expect(isDecimal(trade.price), 'price', trade.price);
  expect(isDecimal(trade.size), 'size', trade.size);
  expectDecimalOrNull(trade.feeRateBps, 'feeRateBps');
  expect(trade.transactionHash === null || isHash(trade.transactionHash), 'transactionHash', trade.transactionHash);
  expect(isPlausibleTime(trade.exchangeAtMs), 'exchangeAtMs', trade.exchangeAtMs);
  // Our own clock may be wrong, and its error must not cost a trade.
  expect(isCount(trade.receivedAtUs), 'receivedAtUs', trade.receivedAtUs);
  expect(trade.source === 'websocket' || trade.source === 'data_api', 'source', trade.source);
  return trade;
}

/**
 * The snapshots of a page that can be stored, and the others with what is wrong with the first of them. They are no page if one is
 * nested so deeply that it could not be written as JSON again.
 */
export type DecodedSnapshots<Snapshot> = {
  snapshots: Snapshot[];
  refused: { page: SnapshotPage<unknown> | null; reason: string } | null;
};

export function decodePrices(subject: string, body: Uint8Array): DecodedSnapshots<PriceSnapshot> {
  return decodeSnapshots('price', subject, body, expectPrice);
}

export function decodeBooks(subject: string, body: Uint8Array): DecodedSnapshots<BookSnapshot> {
  return decodeSnapshots('book', subject, body, expectBook);
}

export function decodeMarket(subject: string, body: Uint8Array): Market {
  const market = decodeObject(body) as Market;
  expectMarket(market);
  expectSubject(subject, marketSubject(market.conditionId));
  return market;
}

export function decodeFact(subject: string, body: Uint8Array): MarketFact {
  const fact = decodeObject(body) as MarketFact;
  expect(isConditionId(fact.conditionId), 'conditionId', fact.conditionId);
  expect(typeof fact.type === 'string', 'type', fact.type);
  expectSubject(subject, eventSubject(fact));
  // All other fields of a fact are stored as they are, so they must not be nested without end.
  expect(!isDeeperThan(fact, DEPTH_MAX), 'body', fact);
  switch (fact.type) {
    case 'new_market':
    case 'market_resolved':
      expectObserved(fact);
      expect(Array.isArray(fact.tokenIds) && fact.tokenIds.every(isTokenId), 'tokenIds', fact.tokenIds);
      expect(Array.isArray(fact.outcomes) && fact.outcomes.every(isText), 'outcomes', fact.outcomes);
      for (const name of ['winningTokenId', 'winningOutcome'] as const) expectTextOrNull(fact[name], name);
      return fact;
    case 'tick_size_change':
      expect(isTokenId(fact.tokenId), 'tokenId', fact.tokenId);
      expectObserved(fact);
      return fact;
    case 'resolution_proposed':
    case 'resolution_disputed':
    case 'resolution_resolved':
    case 'resolution_reopened':
      expectStep(fact);
      expect(isPlausibleTime(fact.seenAtMs), 'seenAtMs', fact.seenAtMs);
      expect(isRecord(fact.evidence), 'evidence', fact.evidence);
      return fact;
    case 'market_changed':
      expect(Array.isArray(fact.changed) && fact.changed.every(isText), 'changed', fact.changed);
      expect(isRecord(fact.market), 'market', fact.market);
      expectMarket(fact.market);
      expect(fact.market.conditionId === fact.conditionId, 'market.conditionId', fact.market.conditionId);
      return fact;
    default:
      throw new MalformedMessageError(`this version knows no event of the type ${shown((fact as MarketFact).type)}`);
  }
}

export function decodeUnparsed(_subject: string, body: Uint8Array): Unparsed {
  const record = decodeObject(body) as Unparsed;
  expect(isConnectionId(record.connectionId), 'connectionId', record.connectionId);
  expect(isCount(record.counter), 'counter', record.counter);
  expect(isCount(record.receivedAtUs), 'receivedAtUs', record.receivedAtUs);
  expect(typeof record.reason === 'string', 'reason', record.reason);
  expect(record.omitted === undefined || isCount(record.omitted), 'omitted', record.omitted);
  expect(record.encoding === 'utf8' || record.encoding === 'base64', 'encoding', record.encoding);
  expect(typeof record.body === 'string', 'body', record.body);
  expect(isCount(record.lengthBytes), 'lengthBytes', record.lengthBytes);
  expect(isHex(record.sha256, SHA256_LENGTH), 'sha256', record.sha256);
  return record;
}

/** A message is not one of its stream: a retry cannot help, so it becomes a dead letter. */
export class MalformedMessageError extends Error {
  override readonly name = 'MalformedMessageError';
  readonly disposition = 'dead-letter';
}

function decodeObject(body: Uint8Array): unknown {
  let value: unknown;
  try {
    value = JSON.parse(DECODER.decode(body));
  } catch (error) {
    throw new MalformedMessageError('the body is not JSON', { cause: error });
  }
  if (!isRecord(value)) throw new MalformedMessageError('the body is not a JSON object');
  return value;
}

function expect(holds: boolean, field: string, value: unknown): asserts holds {
  if (!holds) throw new MalformedMessageError(`the field ${field} cannot be ${shown(value)}`);
}

/** The value for an error message. Lists and objects are not written out: that may fail because of their depth. */
function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'this list' : 'this object';
  return typeof value === 'string' ? JSON.stringify(value.slice(0, SHOWN_LENGTH_MAX)) : String(value);
}

function expectSubject(subject: string, expected: string): void {
  if (subject !== expected) throw new MalformedMessageError(`the body belongs on the subject ${expected}`);
}

function expectIds(ids: { conditionId: string; tokenId: string }): void {
  expect(isConditionId(ids.conditionId), 'conditionId', ids.conditionId);
  expect(isTokenId(ids.tokenId), 'tokenId', ids.tokenId);
}

/** A bad snapshot costs its neighbours nothing. */
function decodeSnapshots<Snapshot extends PriceSnapshot | BookSnapshot>(
  kind: 'price' | 'book',
  subject: string,
  body: Uint8Array,
  expectGood: (snapshot: Snapshot) => void,
): DecodedSnapshots<Snapshot> {
  const value = decodeObject(body);
  // Before there were pages, each token had a subject and a message of its own. A log keeps those for some days.
  if (subject.split('.').length === TOKEN_SUBJECT_PARTS) {
    const snapshot = value as Snapshot;
    expectGood(snapshot);
    expectSubject(subject, `pm.${kind}.${snapshot.conditionId}.${snapshot.tokenId}`);
    return { snapshots: [snapshot], refused: null };
  }
  const { snapshots: all } = value as SnapshotPage<Snapshot>;
  expect(Array.isArray(all), 'snapshots', all);
  const snapshots: Snapshot[] = [];
  const bad: unknown[] = [];
  let fault: MalformedMessageError | null = null;
  for (const snapshot of all) {
    try {
      expect(isRecord(snapshot), 'snapshots', snapshot);
      expect(!isDeeperThan(snapshot, DEPTH_MAX), 'snapshots', snapshot);
      expectGood(snapshot);
      expectSubject(subject, snapshotSubject(kind, snapshot.conditionId));
      snapshots.push(snapshot);
    } catch (error) {
      if (!(error instanceof MalformedMessageError)) throw error;
      fault ??= error;
      bad.push(snapshot);
    }
  }
  if (fault === null) return { snapshots, refused: null };
  if (snapshots.length === 0) throw fault;
  const reason = `${bad.length} of ${all.length} snapshots: ${fault.message}`;
  const page = isDeeperThan(bad, DEPTH_MAX) ? null : { snapshots: bad };
  return { snapshots, refused: { page, reason } };
}

function expectPrice(price: PriceSnapshot): void {
  expectSnapshot(price);
  for (const name of ['lastPrice', 'bestBid', 'bestAsk', 'midpoint', 'volume24h'] as const) {
    expectDecimalOrNull(price[name], name);
  }
}

function expectBook(book: BookSnapshot): void {
  expectSnapshot(book);
  for (const name of ['bids', 'asks'] as const) {
    expect(Array.isArray(book[name]) && book[name].every(isLevel), name, book[name]);
  }
  for (const name of ['bestBid', 'bestAsk', 'midpoint', 'tickSize'] as const) expectDecimalOrNull(book[name], name);
  expect(book.spread === null || isSignedDecimal(book.spread), 'spread', book.spread);
  expect(book.hash === null || isHex(book.hash, SHA1_LENGTH), 'hash', book.hash);
  expect(book.hashMatches === null || typeof book.hashMatches === 'boolean', 'hashMatches', book.hashMatches);
  // The venue's clock is only shown: any time that the database can hold will do.
  expect(book.exchangeAtMs === null || isMilliseconds(book.exchangeAtMs), 'exchangeAtMs', book.exchangeAtMs);
}

function expectSnapshot(snapshot: PriceSnapshot | BookSnapshot): void {
  expectIds(snapshot);
  expect(isPlausibleTime(snapshot.intervalStartMs), 'intervalStartMs', snapshot.intervalStartMs);
  expect(isPlausibleTime(snapshot.seenAtMs), 'seenAtMs', snapshot.seenAtMs);
}

/** The venue's and our time of something on the market channel. */
function expectObserved(fact: { exchangeAtMs: number; receivedAtUs: number }): void {
  expect(isPlausibleTime(fact.exchangeAtMs), 'exchangeAtMs', fact.exchangeAtMs);
  expect(isCount(fact.receivedAtUs), 'receivedAtUs', fact.receivedAtUs);
}

function expectMarket(market: Market): void {
  expect(isConditionId(market.conditionId), 'conditionId', market.conditionId);
  expect(isOrdinal(market.version), 'version', market.version);
  expect(isPlausibleTime(market.seenAtMs), 'seenAtMs', market.seenAtMs);
  for (const name of ['gammaId', 'question', 'slug', 'protocol'] as const)
    expect(isText(market[name]), name, market[name]);
  const isPair = Array.isArray(market.tokens) && market.tokens.length === 2 && market.tokens.every(isToken);
  expect(isPair, 'tokens', market.tokens);
  expect(Array.isArray(market.tags) && market.tags.every(isText), 'tags', market.tags);
  for (const name of ['active', 'closed', 'acceptingOrders', 'negRisk'] as const) expectFlag(market[name], name);
  for (const name of ['tickSize', 'sizeMin', 'volume', 'volume24h', 'liquidity'] as const) {
    expectDecimalOrNull(market[name], name);
  }
  for (const name of ['category', 'groupItemTitle', 'questionId'] as const) expectTextOrNull(market[name], name);
  for (const name of ['startAtMs', 'endAtMs', 'closedAtMs'] as const) {
    expect(market[name] === null || isCalendarTime(market[name]), name, market[name]);
  }
  expectEvent(market.event);
  expectFees(market.fees);
  expectResolution(market.resolution);
}

function expectEvent(event: Market['event']): void {
  if (event === null) return;
  expect(isRecord(event), 'event', event);
  for (const name of ['id', 'slug', 'title'] as const) expect(isText(event[name]), `event.${name}`, event[name]);
}

function expectFees(fees: MarketFees | null): void {
  if (fees === null) return;
  expect(isRecord(fees), 'fees', fees);
  expectFlag(fees.enabled, 'fees.enabled');
  expectTextOrNull(fees.type, 'fees.type');
  for (const name of ['rate', 'exponent', 'rebateRate'] as const) expectDecimalOrNull(fees[name], `fees.${name}`);
  if (fees.takerOnly !== null) expectFlag(fees.takerOnly, 'fees.takerOnly');
}

function expectResolution(resolution: MarketResolution | null): void {
  if (resolution === null) return;
  expect(isRecord(resolution), 'resolution', resolution);
  expect(RESOLUTION_STATES.has(resolution.state), 'resolution.state', resolution.state);
  expectStep(resolution);
  const { reopenedAtMs } = resolution;
  expect(reopenedAtMs === undefined || isCount(reopenedAtMs), 'resolution.reopenedAtMs', reopenedAtMs);
}

/** The fields that a step and the state after it have in common. */
function expectStep(
  step: Pick<MarketResolution, 'step' | 'settlement' | 'method' | 'exchangeAtMs' | 'seenAtMs'>,
): void {
  expect(isOrdinal(step.step) && step.step > 0, 'step', step.step);
  expect(isText(step.method), 'method', step.method);
  expect(isCount(step.seenAtMs), 'seenAtMs', step.seenAtMs);
  expect(step.exchangeAtMs === null || Number.isSafeInteger(step.exchangeAtMs), 'exchangeAtMs', step.exchangeAtMs);
  expectSettlement(step.settlement);
}

function expectSettlement(settlement: Settlement | null): void {
  if (settlement === null) return;
  expect(isRecord(settlement), 'settlement', settlement);
  const { outcome, winningTokenId, payouts } = settlement;
  expect(isText(outcome), 'settlement.outcome', outcome);
  expect(winningTokenId === null || isTokenId(winningTokenId), 'settlement.winningTokenId', winningTokenId);
  const isPaid = Array.isArray(payouts) && payouts.length === 2 && payouts.every(isDecimal);
  expect(payouts === null || isPaid, 'settlement.payouts', payouts);
}

function expectFlag(value: unknown, field: string): void {
  expect(typeof value === 'boolean', field, value);
}

function expectTextOrNull(value: unknown, field: string): void {
  expect(value === null || isText(value), field, value);
}

function expectDecimalOrNull(value: unknown, field: string): void {
  expect(value === null || isDecimal(value), field, value);
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function isToken(token: Token): boolean {
  return isTokenId(token?.tokenId) && isText(token.outcome) && (token.outcomeIndex === 0 || token.outcomeIndex === 1);
}

function isLevel(level: unknown): boolean {
  return Array.isArray(level) && level.length === 2 && isDecimal(level[0]) && isDecimal(level[1]);
}

function isSignedDecimal(value: unknown): boolean {
  return typeof value === 'string' && isDecimal(value.startsWith('-') ? value.slice(1) : value);
}

/** `0x` and whole bytes, up to twice the length of today's hashes. */
function isHash(value: unknown): boolean {
  return typeof value === 'string' && /^0x(?:[0-9a-f]{2}){1,64}$/i.test(value);
}

function isHex(value: unknown, length: number): boolean {
  return typeof value === 'string' && value.length === length && /^[0-9a-f]*$/.test(value);
}

/** A number that grows by one each time, with room left in an integer of the database. */
function isOrdinal(value: unknown): value is number {
  return isCount(value) && value <= ORDINAL_MAX;
}

/** Milliseconds since the epoch that are exact in microseconds, too. */
function isMilliseconds(value: unknown): boolean {
  return isCount(value) && value <= Number.MAX_SAFE_INTEGER / 1_000;
}

/** A time in the years 1 to 9999, in milliseconds since the epoch. Venues write `0001-01-01` for no time. */
function isCalendarTime(ms: unknown): boolean {
  return Number.isSafeInteger(ms) && (ms as number) >= YEAR_1_MS && (ms as number) < YEAR_10000_MS;
}

function isDeeperThan(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth === 0 || Object.values(value).some((inner) => isDeeperThan(inner, depth - 1));
}

const DECODER = new TextDecoder('utf-8', { fatal: true });
/** `pm.price.<conditionId>.<tokenId>`. */
const TOKEN_SUBJECT_PARTS = 4;
const SHOWN_LENGTH_MAX = 120;
/** The database's own limit depends on its stack and is some thousands; the venue nests two or three deep. */
const DEPTH_MAX = 64;
const ORDINAL_MAX = 1_000_000_000;
const SHA1_LENGTH = 40;
const SHA256_LENGTH = 64;
const YEAR_1_MS = Date.parse('0001-01-01T00:00:00Z');
const YEAR_10000_MS = Date.UTC(10_000, 0, 1);
const RESOLUTION_STATES: ReadonlySet<unknown> = new Set<MarketResolution['state']>([
  'proposed',
  'disputed',
  'resolved',
  'reopened',
]);
