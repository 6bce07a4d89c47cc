import { createHash } from 'node:crypto';
import type { BookSnapshot, Market, PriceSnapshot, ResolutionStep, Unparsed } from '@polytape/types';
import {
  type DeadLetter,
  type ProjectedRows,
  type ProjectionBatch,
  type StreamPosition,
  type TradeRow,
  TradeRows,
} from '../../src/index.ts';

export const TOKEN_YES = '63697418234567890123456789012345678901234567890123456789012345678901234567890';
export const TOKEN_NO = '11164532345678901234567890123456789012345678901234567890123456789012345678901';
export const CONDITION = `0x${'5dac'.repeat(16)}`;
export const NOON_MS = Date.UTC(2026, 7, 14, 12);

/** A trade that is like no other: its identity is made of `name`. */
export function trade(name: string, fields: Partial<TradeRow> = {}): TradeRow {
  const hash = createHash('sha256').update(name).digest('hex');
  const exchangeAtMs = fields.exchangeAtMs ?? NOON_MS;
  return {
    tradeId: `${hash.slice(0, 16)}-0`,
    conditionId: CONDITION,
    tokenId: TOKEN_YES,
    side: 'BUY',
    price: '0.925',
    size: '216.216215',
    feeRateBps: '0',
    transactionHash: `0x${hash}`,
    exchangeAtMs,
    receivedAtUs: exchangeAtMs * 1_000 + 41_250,
    source: 'websocket',
    connectionId: 'ingestor-1-0',
    ...fields,
  };
}

export function market(fields: Partial<Market> = {}): Market {
  return {
    conditionId: CONDITION,
    version: 1,
    gammaId: '561829',
    question: 'Will the Fed cut rates in September?',
    slug: 'will-the-fed-cut-rates-in-september',
    protocol: 'v1',
    tokens: [
      { tokenId: TOKEN_YES, outcome: 'Yes', outcomeIndex: 0 },
      { tokenId: TOKEN_NO, outcome: 'No', outcomeIndex: 1 },
    ],
    event: { id: '23784', slug: 'fed-decision-in-september', title: 'Fed decision in September?' },
    groupItemTitle: null,
    questionId: null,
    fees: null,
    volume: null,
    volume24h: null,
    liquidity: null,
    resolution: null,
    category: 'Economics',
    tags: ['Fed', 'Economy "and" rates, all'],
    active: true,
    closed: false,
    acceptingOrders: true,
    negRisk: true,
    tickSize: '0.001',
    sizeMin: '5',
    startAtMs: NOON_MS - 86_400_000,
    endAtMs: NOON_MS + 86_400_000,
    closedAtMs: null,
    seenAtMs: NOON_MS,
    ...fields,
  };
}

export function price(fields: Partial<PriceSnapshot> = {}): PriceSnapshot {
  return {
    conditionId: CONDITION,
    tokenId: TOKEN_YES,
    intervalStartMs: NOON_MS,
    lastPrice: '0.925',
    bestBid: '0.92',
    bestAsk: '0.93',
    midpoint: '0.925',
    volume24h: '8901.2',
    seenAtMs: NOON_MS + 1_204,
    ...fields,
  };
}

export function book(fields: Partial<BookSnapshot> = {}): BookSnapshot {
  return {
    conditionId: CONDITION,
    tokenId: TOKEN_YES,
    intervalStartMs: NOON_MS,
    exchangeAtMs: NOON_MS - 61_796,
    bids: [
      ['0.92', '100'],
      ['0.91', '2500.5'],
    ],
    asks: [
      ['0.93', '40'],
      ['0.95', '10'],
      ['0.999', '31337'],
    ],
    bestBid: '0.92',
    bestAsk: '0.93',
    spread: '0.01',
    midpoint: '0.925',
    tickSize: '0.001',
    hash: '0a1b'.repeat(10),
    hashMatches: true,
    seenAtMs: NOON_MS + 1_204,
    ...fields,
  };
}

export function step(number: number, fields: Partial<ResolutionStep> = {}): ResolutionStep {
  return {
    type: 'resolution_proposed',
    conditionId: CONDITION,
    step: number,
    settlement: null,
    method: 'gamma',
    exchangeAtMs: null,
    seenAtMs: NOON_MS + number * 1_000,
    evidence: { umaResolutionStatus: 'proposed' },
    ...fields,
  };
}

export function unparsed(fields: Partial<Unparsed> = {}): Unparsed {
  return {
    connectionId: 'ingestor-1-0',
    counter: 0,
    receivedAtUs: NOON_MS * 1_000 + 7,
    reason: 'no JSON',
    encoding: 'utf8',
    body: '{"event_type":',
    lengthBytes: 14,
    sha256: createHash('sha256').update('{"event_type":').digest('hex'),
    ...fields,
  };
}

export function deadLetter(fields: Partial<DeadLetter> = {}): DeadLetter {
  return {
    sequence: 1,
    subject: `pm.trade.${CONDITION}.${TOKEN_YES}`,
    messageId: 'm-1',
    storedAtMs: NOON_MS,
    reason: 'price cannot be stored: "abc"',
    body: Buffer.from('{}'),
    ...fields,
  };
}

export function position(sequence: number, fields: Partial<StreamPosition> = {}): StreamPosition {
  return {
    streamCreatedAt: '2026-08-14T00:00:00Z',
    sequence,
    messageAtMs: NOON_MS + sequence,
    messageId: `m-${sequence}`,
    ...fields,
  };
}

/** A batch of the stream TRADES that moves its position from `from` to `to`; 0 stands for no position. */
export function batch(from: number, to: number, content: BatchContent = {}): ProjectionBatch {
  const { deadLetters = [], trades = [], ...others } = content;
  const rows = { ...others, trades: trades instanceof TradeRows ? trades : TradeRows.of(trades) };
  return { stream: 'TRADES', from: from === 0 ? null : position(from), to: position(to), rows, deadLetters };
}

export type BatchContent = Partial<Omit<ProjectedRows, 'trades'>> & {
  trades?: TradeRow[] | TradeRows;
  deadLetters?: DeadLetter[];
};
