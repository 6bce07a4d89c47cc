import { describe, expect, test } from 'vitest';
import { EDITIONS, openDatabase, stopBackgroundJobs } from '../open-database.ts';
import { batch, CONDITION, NOON_MS, price, TOKEN_NO, TOKEN_YES, trade } from '../projection/sample-batch.ts';
import { chunksRead } from './chunks-read.ts';

const COLUMNS = 'open, high, low, close, volume, notional, vwap, trades::int';
const PRICE_COLUMNS = 'open, high, low, close, last_price, spread, snapshots::int';
const MINUTE = 60_000;

describe.each(EDITIONS)('candles $edition', ({ timescale }) => {
  test('order trades by time, then content, then ordinal', async () => {
    await using opened = await openDatabase({ timescale });
    const id = (content: string, ordinal: number) => `${content.padStart(16, '0')}-${ordinal}`;
    // In the order of the tape. Content compares as the stored signed number: ff… comes before 0….
    const prices = [
      trade('', { tradeId: id('ffffffffffffffff', 0), price: '0.3', size: '1' }),
      trade('', { tradeId: id('1', 0), price: '0.1', size: '2' }),
      trade('', { tradeId: id('1', 1), price: '0.9', size: '3' }),
      trade('', { tradeId: id('0', 0), price: '0.5', size: '4', exchangeAtMs: NOON_MS + 59_999 }),
      trade('', { tradeId: id('7', 0), price: '0.4', size: '5', exchangeAtMs: NOON_MS + 59_999 }),
      trade('', { tradeId: id('7', 2), price: '0.6', size: '6', exchangeAtMs: NOON_MS + 59_999 }),
    ];
    await opened.database.apply(batch(0, 6, { trades: prices.toReversed() }));

    const candle = {
      open: '0.3',
      high: '0.9',
      low: '0.1',
      close: '0.6',
      volume: '21',
      notional: '10.8',
      vwap: '0.514286',
      trades: 6,
    };
    for (const view of ['candles_1m', 'candles_1h', 'candles_1d']) {
      expect(await opened.sql(`SELECT ${COLUMNS} FROM ${view}`), view).toEqual([candle]);
    }
  });

  test('start on the minute, the hour and the day (UTC), one for each token', async () => {
    await using opened = await openDatabase({ timescale });
    await opened.sql(`SET timezone = 'Asia/Kathmandu'`); // 5:45 h off, so that a local day would show
    const at = [0, 59_999, MINUTE, 60 * MINUTE, 12 * 60 * MINUTE].map((ms) => NOON_MS + ms);
    const trades = at.flatMap((exchangeAtMs) => [
      trade(`${exchangeAtMs}`, { exchangeAtMs }),
      trade(`no ${exchangeAtMs}`, { exchangeAtMs, tokenId: TOKEN_NO }),
    ]);
    await opened.database.apply(batch(0, 10, { trades }));

    const starts = async (view: string) => {
      const rows = await opened.sql<{ ts: Date; trades: number }>(
        `SELECT ts, trades::int FROM ${view} WHERE token_id = '${TOKEN_YES}' AND condition_id = '${CONDITION}' ORDER BY ts`,
      );
      return rows.map(({ ts, trades: count }) => [ts.toISOString(), count]);
    };
    expect(await starts('candles_1m')).toEqual([
      ['2026-08-14T12:00:00.000Z', 2],
      ['2026-08-14T12:01:00.000Z', 1],
      ['2026-08-14T13:00:00.000Z', 1],
      ['2026-08-15T00:00:00.000Z', 1],
    ]);
    expect(await starts('candles_1h')).toEqual([
      ['2026-08-14T12:00:00.000Z', 3],
      ['2026-08-14T13:00:00.000Z', 1],
      ['2026-08-15T00:00:00.000Z', 1],
    ]);
    expect(await starts('candles_1d')).toEqual([
      ['2026-08-14T00:00:00.000Z', 4],
      ['2026-08-15T00:00:00.000Z', 1],
    ]);
  });

  test('count Data API trades in volume but take no price from them', async () => {
    await using opened = await openDatabase({ timescale });
    const trades = [
      trade('api first', { source: 'data_api', price: '0.99', size: '10' }),
      trade('live', { price: '0.5', size: '1', exchangeAtMs: NOON_MS + 1 }),
      trade('api last', { source: 'data_api', price: '0.01', size: '100', exchangeAtMs: NOON_MS + 2 }),
      trade('api alone', { source: 'data_api', price: '0.7', size: '2', exchangeAtMs: NOON_MS + MINUTE }),
    ];
    await opened.database.apply(batch(0, 4, { trades }));
    expect(await opened.sql(`SELECT ${COLUMNS} FROM candles_1m ORDER BY ts`)).toEqual([
      {
        open: '0.5',
        high: '0.5',
        low: '0.5',
        close: '0.5',
        volume: '111',
        notional: '11.40',
        vwap: '0.102703',
        trades: 3,
      },
      { open: null, high: null, low: null, close: null, volume: '2', notional: '1.4', vwap: '0.7', trades: 1 },
    ]);
  });

  test('change when a late trade arrives', async () => {
    await using opened = await openDatabase({ timescale });
    const { database, sql } = opened;
    await database.apply(
      batch(0, 1, { trades: [trade('now', { price: '0.5', size: '1', exchangeAtMs: NOON_MS + 5 })] }),
    );
    await database.apply(batch(1, 2, { trades: [trade('late', { price: '0.6', size: '2' })] }));
    expect(await sql(`SELECT ${COLUMNS} FROM candles_1h`)).toEqual([
      { open: '0.6', high: '0.6', low: '0.5', close: '0.5', volume: '3', notional: '1.7', vwap: '0.566667', trades: 2 },
    ]);
  });

  test('of prices show the midpoints, the average spread and the last price of their snapshots', async () => {
    await using opened = await openDatabase({ timescale });
    const quotes: [string | null, string | null, string | null, string | null][] = [
      [null, null, '0.9', null],
      ['0.3', '0.2', '0.4', '0.35'],
      ['0.6', '0.55', '0.65', null],
      ['0.5', '0.45', '0.55', null],
      [null, '0.4', null, null],
    ];
    const prices = quotes.map(([midpoint, bestBid, bestAsk, lastPrice], second) =>
      price({ slotAtMs: NOON_MS + second * 10_000, midpoint, bestBid, bestAsk, lastPrice }),
    );
    const silent = price({ slotAtMs: NOON_MS + MINUTE, midpoint: null, bestBid: null, bestAsk: null, lastPrice: null });
    await opened.database.apply(batch(0, 6, { prices: [...prices, silent].toReversed() }));
    const first = { open: '0.3', high: '0.6', low: '0.3', close: '0.5', last_price: '0.35', spread: '0.133333' };
    const nothing = { open: null, high: null, low: null, close: null, last_price: null, spread: null };
    expect(await opened.sql(`SELECT ${PRICE_COLUMNS} FROM price_candles_1m ORDER BY ts`)).toEqual([
      { ...first, snapshots: 5 },
      { ...nothing, snapshots: 1 },
    ]);
    for (const view of ['price_candles_1h', 'price_candles_1d']) {
      expect(await opened.sql(`SELECT ${PRICE_COLUMNS} FROM ${view}`), view).toEqual([{ ...first, snapshots: 6 }]);
    }
    expect(await opened.sql('SELECT ts FROM price_candles_1h')).toEqual([{ ts: new Date(NOON_MS) }]);
  });

  test('of a time range read only its chunks', async () => {
    await using opened = await openDatabase({ timescale });
    await stopBackgroundJobs(opened);
    const days = [...Array(6).keys()].map((day) => NOON_MS + day * 24 * 60 * MINUTE);
    await opened.database.apply(
      batch(0, 12, {
        trades: days.map((exchangeAtMs) => trade('a', { exchangeAtMs })),
        prices: days.map((slotAtMs) => price({ slotAtMs })),
      }),
    );
    const day = `ts >= '2026-08-16T00:00Z' AND ts < '2026-08-17T00:00Z'`;
    for (const kind of ['candles', 'price_candles']) {
      for (const view of [`${kind}_1m`, `${kind}_1h`, `${kind}_1d`]) {
        const query = `SELECT * FROM ${view} WHERE ${day} AND token_id = '${TOKEN_YES}'`;
        expect(await opened.sql(query), view).toHaveLength(1);
        expect(await chunksRead(opened, query), view).toBe(1);
      }
    }
    const all = opened.database.edition === 'postgresql' ? 1 : days.length;
    expect(await chunksRead(opened, 'SELECT * FROM candles_1h')).toBe(all);
  });
});
