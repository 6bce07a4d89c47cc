import {
  type BookSnapshot,
  eventSubject,
  type Market,
  type MarketFact,
  marketSubject,
  type PriceSnapshot,
  pageMessageId,
  snapshotSubject,
} from '@polytape/types';
import { expect, test } from 'vitest';
import { sampleTrade, TestBed, tradeMessage } from '../src/index.ts';

type Message = { subject: string; messageId: string; body: string };

test('a database rebuilt from the log has the same rows, whatever the log repeats', async () => {
  await using bed = await TestBed.open({ markets: 1 });
  await bed.start('writer', { BATCH_ROWS_MAX: '7' });
  for (const messages of [history(), history('again'), [{ subject: 'pm.price.ab', messageId: 'bad', body: '{}' }]]) {
    await publish(bed, messages);
  }
  for (const stream of ['TRADES', 'PRICES', 'BOOKS', 'MARKETS', 'EVENTS'] as const) await bed.stored(stream);

  const first = await bed.probe.projectedRows();
  const second = await (await bed.rebuilt()).projectedRows();

  expect(second).toEqual(first);
  const counts = Object.fromEntries(Object.entries(first).map(([table, rows]) => [table, rows.length]));
  expect(counts).toEqual({
    trades: 10,
    price_snapshots: 20,
    book_snapshots: 20,
    tokens: 3,
    connections: 0,
    markets: 1,
    market_versions: 10,
    venue_events: 2,
    resolution_events: 3,
    resolutions: 1,
    unparsed: 0,
    dead_letters: 1,
    stream_positions: 5,
  });
});

/** Ten minutes of a market, from one observer or from another one that sees everything a little later. */
function history(again?: string): Message[] {
  const laterMs = again === undefined ? 0 : 1_000;
  const messages: Message[] = [];
  for (let minute = 0; minute < 10; minute += 1) {
    messages.push(tradeMessage(sampleTrade(minute)));
    const intervalStartMs = NOON_MS + minute * 60_000;
    for (const tokenId of TOKENS) {
      const at = { conditionId: CONDITION, tokenId, intervalStartMs, seenAtMs: intervalStartMs + 500 + laterMs };
      const price: PriceSnapshot = { ...at, ...PRICES, lastPrice: `0.4${minute}` };
      const book: BookSnapshot = { ...at, ...PRICES, ...BOOK, bids: [[`0.4${minute}`, `${laterMs}`]] };
      messages.push(page('price', price), page('book', book));
    }
    const document = market(minute + 1);
    messages.push({ subject: marketSubject(CONDITION), messageId: `market ${minute}`, body: JSON.stringify(document) });
    messages.push(
      fact(`change ${minute}`, { type: 'market_changed', conditionId: CONDITION, changed: [], market: document }),
    );
  }
  for (const [number, type] of STEPS) {
    const settlement =
      type === 'resolution_resolved' ? { outcome: 'split' as const, winningTokenId: null, payouts: HALVES } : null;
    const seenAtMs = NOON_MS + number * 1_000 + laterMs;
    const evidence = { told: again ?? 'first' };
    const step = {
      type,
      conditionId: CONDITION,
      step: number,
      settlement,
      method: 'gamma',
      seenAtMs,
      evidence,
    } as const;
    messages.push(fact(`${type} ${number}`, { ...step, exchangeAtMs: null }));
  }
  for (const exchangeAtMs of [NOON_MS, NOON_MS + 1]) {
    const receivedAtUs = (exchangeAtMs + laterMs) * 1_000;
    const change = { conditionId: CONDITION, tokenId: '1', oldTickSize: '0.01', newTickSize: '0.001' };
    messages.push(fact(`tick ${exchangeAtMs}`, { type: 'tick_size_change', ...change, exchangeAtMs, receivedAtUs }));
  }
  return again === undefined ? messages : messages.map((one) => ({ ...one, messageId: `${one.messageId} ${again}` }));
}

function page(kind: 'price' | 'book', snapshot: PriceSnapshot | BookSnapshot): Message {
  const subject = snapshotSubject(kind, snapshot.conditionId);
  const body = JSON.stringify({ snapshots: [snapshot] });
  return { subject, messageId: pageMessageId({ subject, body }), body };
}

function fact(messageId: string, body: MarketFact): Message {
  return { subject: eventSubject(body), messageId, body: JSON.stringify(body) };
}

async function publish(bed: TestBed, messages: readonly Message[]): Promise<void> {
  await using publisher = bed.bus.publisher({ unacknowledgedMax: 100, queueMax: 1_000 });
  for (const message of messages) publisher.publish(message);
  await publisher.acknowledged();
}

function market(version: number): Market {
  return {
    conditionId: CONDITION,
    version,
    gammaId: '1',
    question: `Will it rain ${version} times?`,
    slug: 'rain',
    protocol: 'v1',
    tokens: [
      { tokenId: '1', outcome: 'Yes', outcomeIndex: 0 },
      { tokenId: '2', outcome: 'No', outcomeIndex: 1 },
    ],
    event: null,
    groupItemTitle: null,
    questionId: null,
    category: null,
    tags: ['weather'],
    active: true,
    closed: false,
    acceptingOrders: true,
    negRisk: false,
    tickSize: '0.01',
    sizeMin: '5',
    fees: null,
    volume: '10.5',
    volume24h: null,
    liquidity: null,
    startAtMs: NOON_MS,
    endAtMs: null,
    closedAtMs: null,
    resolution: null,
    seenAtMs: NOON_MS + version,
  };
}

const NOON_MS = Date.UTC(2026, 7, 14, 12);
const CONDITION = `0x${'5dac'.repeat(16)}`;
const TOKENS = ['1', '2'];
const PRICES = { lastPrice: null, bestBid: '0.4', bestAsk: null, midpoint: null, volume24h: null };
const BOOK = { exchangeAtMs: null, asks: [], spread: null, tickSize: '0.01', hash: null, hashMatches: null };
const HALVES: [string, string] = ['0.5', '0.5'];
/** The second leader counts the first step again, which has another content by then. */
const STEPS = [
  [1, 'resolution_proposed'],
  [1, 'resolution_disputed'],
  [2, 'resolution_resolved'],
] as const;
