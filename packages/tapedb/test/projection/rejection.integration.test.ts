import type {
  BookSnapshot,
  Market,
  MarketChange,
  MarketFact,
  ResolutionStep,
  Settlement,
  Unparsed,
} from '@polytape/types';
import { describe, expect, test } from 'vitest';
import { BatchRejectedError } from '../../src/index.ts';
import { openDatabase } from '../open-database.ts';
import {
  type BatchContent,
  batch,
  book,
  CONDITION,
  deadLetter,
  market,
  NOON_MS,
  position,
  price,
  step,
  trade,
  unparsed,
} from './sample-batch.ts';

describe('a batch is refused for', () => {
  const wrongTrades: [string, object][] = [
    ['a trade id that is none', { tradeId: 'abc' }],
    ['an ordinal that no smallint holds', { tradeId: '0123456789abcdef-32768' }],
    ['a token id with a NUL', { tokenId: '12\0' }],
    ['a condition id with half a surrogate pair', { conditionId: '0x\ud800' }],
    ['a connection id with a NUL', { connectionId: 'ingestor\0' }],
    ['a side that is none', { side: 'buy' }],
    ['a source that is none', { source: 'rumour' }],
    ['a price that is no decimal', { price: '1e-3' }],
    ['a price that is a number', { price: 0.5 }],
    ['a size that is missing', { size: undefined }],
    ['a fee that is empty', { feeRateBps: '' }],
    ['a hash that is not hex', { transactionHash: '0xzz' }],
    ['a hash with half a byte', { transactionHash: '0xabc' }],
    ['a venue time in seconds', { exchangeAtMs: NOON_MS / 1_000 }],
    ['a venue time in microseconds', { exchangeAtMs: NOON_MS * 1_000 }],
    ['a venue time with a fraction', { exchangeAtMs: NOON_MS + 0.5 }],
    ['a receive time before there was time', { receivedAtUs: -1 }],
    ['a receive time that is not a number', { receivedAtUs: Number.NaN }],
  ];
  const wrongMarkets: [string, unknown][] = [
    ['a market that is nothing', null],
    ['a market without an id', market({ conditionId: 'none' })],
    ['a market without a question', { ...market(), question: undefined }],
    ['a market without a version', { ...market(), version: undefined }],
    ['a market with a tick size that is no decimal', market({ tickSize: 'fine' })],
    ['a market that is maybe closed', { ...market(), closed: 'maybe' }],
    ['a market that ends in the year 275760', market({ endAtMs: 8.64e15 })],
    ['a market that ends beyond all time', market({ endAtMs: 8.64e15 + 1 })],
    ['a market with a token of no id', { ...market(), tokens: [null] }],
    ['a market that maybe takes orders', { ...market(), acceptingOrders: deep(50_000) }],
    ['a market with a risk nested 7,000 deep', { ...market(), negRisk: deep(7_000) }],
    ['a market with fees nested without end', { ...market(), fees: { ...FEES, enabled: deep(50_000) } }],
    ['a market that maybe makes takers pay', { ...market(), fees: { ...FEES, takerOnly: deep(50_000) } }],
    ['a market resolved in no step', { ...market(), resolution: { state: 'resolved', step: deep(50_000) } }],
    ['a market with a title that cannot be shown', { ...market(), question: { toString: 1 } }],
    ['a market without tokens', { ...market(), tokens: undefined }],
    ['a market with an outcome of no index', { ...market(), tokens: [{ ...market().tokens[0], outcomeIndex: 1e9 }] }],
  ];
  const wrongRecords: [string, unknown][] = [
    ['a record that is nothing', null],
    ['a record of no connection', unparsed({ connectionId: 'a b' })],
    ['a record with half a hash', unparsed({ sha256: 'abc' })],
    ['a record in another encoding', { ...unparsed(), encoding: 'latin1' }],
    ['a record of another time', unparsed({ receivedAtUs: Number.MAX_SAFE_INTEGER * 2 })],
  ];
  const wrongPrices: [string, object][] = [
    ['a price that is nothing', { tokenId: undefined }],
    ['a price of no market', { conditionId: 'none' }],
    ['a slot in seconds', { intervalStartMs: NOON_MS / 1_000 }],
    ['a bid that is missing', { bestBid: undefined }],
    ['a midpoint that is a number', { midpoint: 0.5 }],
    ['a last price below 0', { lastPrice: '-0.1' }],
  ];
  const wrongBooks: [string, object][] = [
    ['a book of no token', { tokenId: '1e5' }],
    ['a book without bids', { bids: null }],
    ['a level of one number', { asks: [['0.5']] }],
    ['a level of numbers', { asks: [[0.5, 1]] }],
    ['a level of words', { bids: [['0.5', 'many\0']] }],
    ['a spread that is no number', { spread: '--1' }],
    ['a hash that is too short', { hash: 'abcd' }],
    ['a hash that is maybe right', { hashMatches: 'maybe' }],
    ['a venue time beyond all time', { exchangeAtMs: 8.64e15 }],
  ];
  const wrongFacts: [string, unknown][] = [
    ['a fact that is nothing', null],
    ['a fact of a type that is none', { type: 'market_vanished', conditionId: CONDITION }],
    ['a step that is no number', step(1, { step: 0 })],
    ['a step of no method', { ...step(1), method: undefined }],
    ['a step beyond all steps', step(1, { step: 2 ** 31 })],
    ['a settlement with payouts that are none', settled({ payouts: ['all', '0'] })],
    ['a settlement with a winner that is no token', settled({ winningTokenId: 'Yes' })],
    ['evidence nested without end', step(1, { evidence: { deep: JSON.parse('['.repeat(90) + ']'.repeat(90)) } })],
    ['a change to a document nested 7,000 deep', changed({ ...market(), negRisk: deep(7_000) as never })],
    ['a change of another market', { ...changed(market()), conditionId: `0x${'00'.repeat(32)}` }],
    ['a change to a document that is none', changed({ ...market(), question: null as never })],
    ['a change of fields without names', { ...changed(market()), changed: [1] }],
  ];
  const batches: [string, BatchContent][] = [];
  for (const [what, fields] of wrongPrices) batches.push([what, { prices: [price(), price(fields)] }]);
  for (const [what, fields] of wrongBooks) batches.push([what, { books: [book(), book(fields)] }]);
  for (const [what, wrong] of wrongFacts) batches.push([what, { facts: [step(1), wrong as MarketFact] }]);
  for (const [what, fields] of wrongTrades) batches.push([what, { trades: [trade('wrong', fields)] }]);
  for (const [what, wrong] of wrongMarkets) batches.push([what, { markets: [wrong as Market] }]);
  for (const [what, wrong] of wrongRecords) batches.push([what, { unparsed: [wrong as Unparsed] }]);

  test('each value that no row can hold, and none of it is stored', async () => {
    await using opened = await openDatabase({ timescale: false });
    const { database, sql } = opened;
    for (const [what, rows] of batches) {
      const mixed = batch(0, 9, { ...rows, trades: [trade('good'), ...(rows.trades ?? [])] });
      const error = await database.apply(mixed).catch((reason: unknown) => reason);
      expect(error, what).toBeInstanceOf(BatchRejectedError);
      expect((error as BatchRejectedError).disposition).toBe('dead-letter');
      expect(await database.position('TRADES'), what).toBeNull();
    }
    expect(await database.tradeCount()).toBe(0);
    expect(await sql('SELECT FROM markets')).toEqual([]);
    for (const table of ['unparsed', 'price_snapshots', 'book_snapshots', 'resolution_events', 'market_versions']) {
      expect(await sql(`SELECT FROM ${table}`), table).toEqual([]);
    }
  });

  test('one bad message, which halving finds', async () => {
    await using opened = await openDatabase({ timescale: false });
    const { database } = opened;
    const trades = [...Array(16).keys()].map((at) => trade(`${at}`, at === 11 ? { price: 'NaN' } : {}));

    const store = async (from: number, to: number): Promise<void> => {
      try {
        await database.apply(batch(from, to, { trades: trades.slice(from, to) }));
      } catch (error) {
        if (!(error instanceof BatchRejectedError)) throw error;
        const middle = Math.floor((from + to) / 2);
        if (middle === from) {
          const letter = deadLetter({ sequence: to, reason: error.message });
          await database.apply(batch(from, to, { deadLetters: [letter] }));
        } else {
          await store(from, middle);
          await store(middle, to);
        }
      }
    };
    await store(0, 16);

    expect(await database.tradeCount()).toBe(15);
    expect(await database.position('TRADES')).toEqual(position(16));
    expect(await opened.sql('SELECT sequence, reason FROM dead_letters')).toEqual([
      { sequence: '12', reason: 'the database refuses the batch: price cannot be stored: "NaN"' },
    ]);
  });
});

test('a text that the venue spoilt is stored with the spoilt characters replaced', async () => {
  await using opened = await openDatabase({ timescale: false });
  const spoilt = market({ question: 'Yes\0 or \ud83d?', tags: ['\0'], category: '\udc00' });
  await opened.database.apply({ ...batch(0, 1, { markets: [spoilt] }), stream: 'MARKETS' });
  expect(await opened.sql('SELECT question, tags, category FROM markets')).toEqual([
    { question: 'Yes\ufffd or \ufffd?', tags: ['\ufffd'], category: '\ufffd' },
  ]);
});

test('what cannot be made into rows at all is refused, and not tried again for ever', async () => {
  await using opened = await openDatabase({ timescale: false });
  const endless = { ...book(), hash: { toString: 1 } } as unknown as BookSnapshot;
  for (const rows of [
    { books: [book(), endless] },
    { trades: [trade('good'), { ...trade('bad'), price: { toString: 1 } }] },
  ]) {
    const refused = opened.database.apply(batch(0, 2, rows as never));
    await expect(refused).rejects.toBeInstanceOf(BatchRejectedError);
  }
});

test('a venue time that cannot be is left out of a step, which is kept', async () => {
  await using opened = await openDatabase({ timescale: false });
  const facts = [
    step(1, { exchangeAtMs: 0 }),
    step(2, { exchangeAtMs: Date.UTC(9998, 0, 1) }),
    step(3, { exchangeAtMs: NOON_MS }),
  ];
  await opened.database.apply(batch(0, 3, { facts }));
  expect(await opened.sql('SELECT step, exchange_at FROM resolution_events ORDER BY step')).toEqual([
    { step: 1, exchange_at: null },
    { step: 2, exchange_at: null },
    { step: 3, exchange_at: new Date(NOON_MS) },
  ]);
});

const FEES = { enabled: true, type: null, rate: null, exponent: null, takerOnly: null, rebateRate: null };

/** Lists in lists: what a recursion follows to its end. */
function deep(depth: number): unknown {
  return JSON.parse('['.repeat(depth) + ']'.repeat(depth));
}

function settled(fields: Partial<Settlement>): ResolutionStep {
  const settlement: Settlement = { outcome: 'win0', winningTokenId: null, payouts: ['1', '0'], ...fields };
  return step(1, { type: 'resolution_resolved', settlement });
}

function changed(document: Market): MarketChange {
  return { type: 'market_changed', conditionId: CONDITION, changed: [], market: document };
}
