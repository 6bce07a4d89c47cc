import { midpointOf } from '@polytape/types';
import { describe, expect, test } from 'vitest';
import { readClobBook } from '../src/clob/clob-book.ts';
import { readQuote } from '../src/clob/quote.ts';
import { readDataResolution } from '../src/data/data-resolution.ts';
import { readGammaMarket } from '../src/gamma/gamma-market.ts';
import { inferWinner } from '../src/infer-winner.ts';
import { recordedFiles, recordedMarkets, recordedText, UNLESS_RECORDED } from './recorded.ts';
import { BOOKS, type Book, GAMMA, SETTLED } from './recorded-expectations.ts';

function readMarket(raw: unknown) {
  const read = readGammaMarket(raw);
  if ('skipped' in read) throw new Error(read.skipped.reason);
  return read.market;
}

function outcomeOf(raw: unknown): string {
  const read = readGammaMarket(raw);
  if ('skipped' in read) return 'skipped';
  const { tokens, settlement } = read.market;
  return inferWinner(settlement, [tokens[0].tokenId, tokens[1].tokenId])?.outcome ?? 'none';
}

function counted(names: string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

const named = (kind: 'gamma' | 'clob' | 'data') => recordedFiles(kind).map((file) => file.slice(kind.length + 1));
const gamma = named('gamma');
const clob = named('clob');
const data = named('data');
const recorded = (path: string) => JSON.parse(recordedText(path));

describe.skipIf(gamma.length === 0)(`recorded markets of Gamma ${UNLESS_RECORDED}`, () => {
  test.each(gamma.filter((file) => file in GAMMA))('%s has its fees and figures', (file) => {
    const market = readMarket(recordedMarkets(`gamma/${file}`)[0]);
    expect([
      market.groupItemTitle,
      market.tickSize,
      market.volume,
      market.volume24h,
      market.liquidity,
      market.fees?.rate ?? null,
      market.negRisk,
      market.settlement.umaResolutionStatus,
      market.closed,
    ]).toEqual(GAMMA[file]);
  });

  test.each(gamma)('of %s are settled as expected', (file) => {
    const outcomes = recordedMarkets(`gamma/${file}`).map(outcomeOf);
    // Every other recorded market is open and not settled.
    expect(counted(outcomes)).toEqual(SETTLED[file] ?? (file in GAMMA ? { none: 1 } : counted(outcomes)));
  });

  test('that are open are never settled', () => {
    const open = gamma.flatMap((file) => recordedMarkets(`gamma/${file}`)).filter((market) => market.closed !== true);
    expect(open.map(outcomeOf).filter((outcome) => outcome !== 'none' && outcome !== 'skipped')).toEqual([]);
  });

  test('have the same figures as text and as JSON numbers', () => {
    for (const raw of gamma.flatMap((file) => recordedMarkets(`gamma/${file}`))) {
      if (outcomeOf(raw) === 'skipped') continue;
      const { volume, volume24h, liquidity } = readMarket(raw);
      // Some numbers are cut to two decimals.
      if (typeof raw.volumeNum === 'number') expect(Number(volume)).toBeCloseTo(raw.volumeNum, 1);
      if (typeof raw.liquidityNum === 'number') expect(Number(liquidity)).toBeCloseTo(raw.liquidityNum, 1);
      expect(volume24h && Number(volume24h)).toBe(raw.volume24hr ?? null);
    }
  });
});

const FIVE_MINUTES = 'ligengxin-btc5m-markets-2026-07-24-even.jsonl.gz';

describe.skipIf(!gamma.includes(FIVE_MINUTES))(`the 146 recorded 5-minute markets ${UNLESS_RECORDED}`, () => {
  const markets = gamma.includes(FIVE_MINUTES) ? recordedMarkets(`gamma/${FIVE_MINUTES}`) : [];

  test('are won by the token whose recorded price is 1', () => {
    expect(markets).toHaveLength(146);
    for (const raw of markets) {
      const prices: string[] = JSON.parse(String(raw.outcomePrices));
      const ids: string[] = JSON.parse(String(raw.clobTokenIds));
      const { settlement } = readMarket(raw);
      expect(inferWinner(settlement, [ids[0] ?? '', ids[1] ?? ''])).toEqual({
        outcome: prices[0] === '1' ? 'win0' : 'win1',
        winningTokenId: ids[prices.indexOf('1')],
        payouts: prices,
      });
    }
  });
});

const books = clob.filter((file) => /book/.test(file));

describe.skipIf(books.length === 0)(`recorded books ${UNLESS_RECORDED}`, () => {
  const isBook = (file: string) => 'market' in recorded(`clob/${file}`);

  test.each(books.filter((file) => isBook(file)))('%s has its best levels first and a matching hash', (file) => {
    const raw = recorded(`clob/${file}`);
    const book = readClobBook(raw);
    expect(book).toMatchObject({
      conditionId: raw.market,
      tokenId: raw.asset_id,
      exchangeAtMs: Number(raw.timestamp),
      hash: raw.hash,
      hashMatches: true,
    });
    const { bids, asks, bestBid, bestAsk, spread, midpoint, tickSize } = book;
    expect([bids[0]?.[0] ?? null, asks[0]?.[0] ?? null]).toEqual([bestBid, bestAsk]);
    expect(bids.map(([price, size]) => ({ price, size }))).toEqual([...raw.bids].reverse());
    expect(asks.map(([price, size]) => ({ price, size }))).toEqual([...raw.asks].reverse());
    const found: Book = [bids.length, asks.length, bestBid, bestAsk, spread, midpoint, tickSize ?? ''];
    expect(found).toEqual(BOOKS[file] ?? found);
  });

  test.each(books.filter((file) => !isBook(file)))('%s is refused because it names no token', (file) => {
    expect(() => readClobBook(recorded(`clob/${file}`))).toThrow('asset_id is missing, not a token id');
  });
});

const PRICES = ['polyarb-price.json', 'polyarb-midpoint.json', 'polyarb-book-binary.json'];

describe.skipIf(!PRICES.every((file) => clob.includes(file)))(`recorded prices ${UNLESS_RECORDED}`, () => {
  test('are those of the book that was recorded with them', () => {
    const { bestBid, bestAsk } = readClobBook(recorded('clob/polyarb-book-binary.json'));
    const sides = { BUY: recorded('clob/polyarb-price.json').price, SELL: bestAsk };
    const quote = readQuote('1', { sides, last: undefined });
    expect(quote).toMatchObject({ bestBid: '0.063', bestAsk: '0.068', lastPrice: null });
    expect(quote.bestBid).toBe(bestBid);
    expect([quote.midpoint, midpointOf(bestBid, bestAsk)]).toEqual(
      Array(2).fill(recorded('clob/polyarb-midpoint.json').mid),
    );
  });
});

describe.skipIf(!data.includes('sdk-v2-resolution-resolved.json'))(`a recorded resolution ${UNLESS_RECORDED}`, () => {
  test('is that of a question with the answer No', () => {
    const [raw] = recorded('data/sdk-v2-resolution-resolved.json');
    const resolution = readDataResolution(raw);
    expect(resolution).toMatchObject({
      conditionId: '0x02507350fc2b81c3af36c659a805adbda9b0a81e63a27b29cb273cdd7dbc072e',
      status: 'resolved',
      payouts: null,
      price: '0',
      updatedAtMs: Date.parse('2026-07-29T20:11:59Z'),
    });
    expect(inferWinner(resolution, ['1', '2'])).toEqual({
      outcome: 'win1',
      winningTokenId: '2',
      payouts: ['0', '1'],
    });
  });
});
