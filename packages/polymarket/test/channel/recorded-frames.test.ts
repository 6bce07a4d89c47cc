import { describe, expect, test } from 'vitest';
import { parseFrame } from '../../src/channel/parse-frame.ts';
import { recogniseFrame } from '../../src/channel/recognise-frame.ts';
import { recordedFiles, recordedFrames, UNLESS_RECORDED } from '../recorded.ts';
import { elementsOf, kindsOf } from '../samples.ts';

const files = recordedFiles('ws');

describe.skipIf(files.length === 0)(`recorded frames ${UNLESS_RECORDED}`, () => {
  test.each(files)('of %s are all parsed', (file) => {
    for (const frame of recordedFrames(file)) {
      expect(parseFrame(frame).kind).not.toBe('garbage');
      expect(elementsOf(frame).filter((element) => element.kind !== 'event' || element.flaw !== undefined)).toEqual([]);
    }
  });

  test.each(files)('of %s with a trade or a rarer event are never passed over', (file) => {
    for (const frame of recordedFrames(file)) {
      const kinds = kindsOf(frame);
      const quotes = kinds.filter((kind) => ['book', 'priceChange', 'bestBidAsk'].includes(kind));
      const expected = kinds.includes('lastTradePrice') ? 'trade' : quotes.length < kinds.length ? 'unknown' : 'known';
      expect(recogniseFrame(frame)).toBe(expected);
    }
  });
});

const EVENTS: Record<string, Record<string, number>> = {
  'ws/cepiokta-2026-06-26-updown.jsonl': { book: 2, priceChange: 5 },
  'ws/nautilus-price_change-old-and-new.jsonl': { priceChange: 2, lastTradePrice: 1, tickSizeChange: 1 },
  'ws/pulsearb-2026-08-19-market_resolved.jsonl': { marketResolved: 1 },
  'ws/tinli-2026-07-20-fed.jsonl': { book: 2, priceChange: 24, lastTradePrice: 1 },
  'ws/tui-2026-07-04-singles.jsonl': { book: 1, priceChange: 3, lastTradePrice: 1 },
};

describe.each(Object.entries(EVENTS))('%s', (file, expected) => {
  test.skipIf(!files.includes(file))(`holds ${JSON.stringify(expected)} ${UNLESS_RECORDED}`, () => {
    const counts: Record<string, number> = {};
    for (const kind of recordedFrames(file).flatMap(kindsOf)) counts[kind] = (counts[kind] ?? 0) + 1;
    expect(counts).toEqual(expected);
  });
});

describe.skipIf(Object.keys(EVENTS).some((file) => !files.includes(file)))(`what they hold ${UNLESS_RECORDED}`, () => {
  const events = (file: string, type: string) =>
    recordedFrames(file)
      .flatMap(elementsOf)
      .flatMap((element) => (element.kind === 'event' && element.event.type === type ? [element.event] : []));

  test('is this trade of July 2026', () => {
    expect(events('ws/tinli-2026-07-20-fed.jsonl', 'lastTradePrice')).toEqual([
      {
        type: 'lastTradePrice',
        conditionId: '0x8bf1c1536ecb1c08fe13c6b71e8ab1f58bf3461c4cb79f5f1679f869a06aef86',
        tokenId: '111604417349377875799825956621596386269673370070912696668140891647145772186047',
        price: '0.925',
        size: '216.216215',
        side: 'BUY',
        timestamp: '1784578733812',
        feeRateBps: '0',
        transactionHash: '0x05cc387abf197675a7c70f63f590f2caefd35533b1b088c80a76e7dcd7685a18',
      },
    ]);
  });

  test('is this trade, which came in an array', () => {
    expect(events('ws/tui-2026-07-04-singles.jsonl', 'lastTradePrice')).toMatchObject([
      { price: '0.42', size: '21.42857', timestamp: '1783132561947' },
    ]);
  });

  test('is this trade of 2024, without a transaction hash', () => {
    expect(events('ws/nautilus-price_change-old-and-new.jsonl', 'lastTradePrice')).toMatchObject([
      { price: '0.491', size: '85.36', side: 'SELL', timestamp: '1724564136087', transactionHash: null },
    ]);
  });

  test('are price changes in the oldest and in the present format', () => {
    expect(events('ws/nautilus-price_change-old-and-new.jsonl', 'priceChange')).toMatchObject([
      { changes: [{ price: '0.514', size: '21574.08', side: 'SELL', bestBid: null }] },
      { changes: [{ price: '0.6' }, { price: '0.5' }, { price: '0.7', bestBid: '0.6', bestAsk: '0.7' }] },
    ]);
  });

  test('are price changes of both tokens of a market, though only one was subscribed', () => {
    for (const event of events('ws/tinli-2026-07-20-fed.jsonl', 'priceChange')) {
      const tokenIds = event.type === 'priceChange' ? event.changes.map(({ tokenId }) => tokenId) : [];
      expect(new Set(tokenIds).size).toBe(2);
    }
  });

  test('are a first book with tick size and last price, and a book after a trade without', () => {
    expect(events('ws/tinli-2026-07-20-fed.jsonl', 'book')).toMatchObject([
      { tickSize: '0.001', lastTradePrice: expect.any(String) },
      { tickSize: null, lastTradePrice: null },
    ]);
  });

  test('are books whose best level comes last', () => {
    const books = Object.keys(EVENTS).flatMap((file) => events(file, 'book'));
    for (const book of books) {
      if (book.type !== 'book') continue;
      const bids = book.bids.map(({ price }) => Number(price));
      const asks = book.asks.map(({ price }) => Number(price));
      expect(bids).toEqual(bids.toSorted((a, b) => a - b));
      expect(asks).toEqual(asks.toSorted((a, b) => b - a));
    }
    expect(books).toHaveLength(5);
  });

  test('is this resolution', () => {
    expect(events('ws/pulsearb-2026-08-19-market_resolved.jsonl', 'marketResolved')).toMatchObject([
      {
        gammaId: '3708239',
        winningOutcome: 'Up',
        winningTokenId: '62619609207693980296808281881769971532618981069069777294730350429227476860752',
      },
    ]);
  });
});
