import { describe, expect, test } from 'vitest';
import { EDITIONS, type OpenDatabase, openDatabase } from './open-database.ts';
import { batch, book, CONDITION, market, NOON_MS, price, step, TOKEN_NO, TOKEN_YES, trade } from './sample-batch.ts';

const MINUTE = 60_000;
const at = (minutes: number) => NOON_MS + minutes * MINUTE;
const time = (minutes: number) => new Date(at(minutes)).toISOString();
const quote = (minutes: number, bid: string | null, ask: string | null, midpoint: string | null) =>
  price({
    slotAtMs: at(minutes),
    seenAtMs: at(minutes) + 2_000,
    bestBid: bid,
    bestAsk: ask,
    midpoint,
    lastPrice: null,
  });

describe.each(EDITIONS)('a feature, $edition,', ({ timescale }) => {
  test('price_series carries the last known price forward, never one from the future, and not for too long', async () => {
    await using opened = await openDatabase({ timescale });
    const prices = [
      quote(0, '0.4', '0.5', '0.45'),
      quote(2, '0.5', '0.6', '0.55'),
      quote(3, '0.5', null, null),
      quote(4, '0.6', '0.7', '0.65'),
    ];
    await opened.database.apply(batch(0, 4, { prices }));
    const series = `price_series('${TOKEN_YES}', '${time(0)}', '${time(6)}', '1 minute'`;
    expect(await values(opened, `SELECT price FROM ${series})`)).toEqual([
      null, // seen two seconds later
      '0.45',
      '0.45',
      '0.55',
      null,
      '0.65',
      '0.65',
    ]);
    expect(await values(opened, `SELECT price FROM ${series}, age_max => '70 seconds')`)).toEqual([
      null,
      '0.45',
      null,
      '0.55',
      null,
      '0.65',
      null,
    ]);
    expect(await values(opened, `SELECT observed_at FROM ${series}) LIMIT 2`)).toEqual([null, new Date(at(0) + 2_000)]);
  });

  test('price_series of trades takes the last one seen live, ties as in the candles', async () => {
    await using opened = await openDatabase({ timescale });
    const id = (content: string, ordinal: number) => `${content.padStart(16, '0')}-${ordinal}`;
    const trades = [
      trade('', { tradeId: id('7', 1), price: '0.3' }),
      trade('', { tradeId: id('7', 0), price: '0.2' }),
      trade('', { tradeId: id('1', 0), price: '0.1' }),
      trade('api', { source: 'data_api', price: '0.9', exchangeAtMs: NOON_MS + 1 }),
      trade('other token', { tokenId: TOKEN_NO, price: '0.8', exchangeAtMs: NOON_MS + 1 }),
      trade('later', { price: '0.4', exchangeAtMs: at(1) }),
    ];
    await opened.database.apply(batch(0, 6, { trades }));
    expect(
      await values(
        opened,
        `SELECT price FROM price_series('${TOKEN_YES}', '${time(0)}', '${time(1)}', '30 seconds', 'trade')`,
      ),
    ).toEqual(['0.3', '0.3', '0.4']);
  });

  test('price_returns compares with the price a horizon ago', async () => {
    await using opened = await openDatabase({ timescale });
    const prices = [
      quote(-1, '0.35', '0.45', '0.4'),
      quote(9, '0.45', '0.55', '0.5'),
      quote(19, '0.15', '0.25', '0.2'),
      quote(29, '0.15', null, null),
    ];
    await opened.database.apply(batch(0, 4, { prices }));
    expect(
      await opened.sql(
        `SELECT to_char(ts AT TIME ZONE 'UTC', 'HH24:MI') AS at, price, price_before, change, simple_return, log_return
         FROM price_returns('${TOKEN_YES}', '${time(0)}', '${time(30)}', '10 minutes', '10 minutes')`,
      ),
    ).toEqual([
      { at: '12:00', price: '0.4', price_before: null, change: null, simple_return: null, log_return: null },
      {
        at: '12:10',
        price: '0.5',
        price_before: '0.4',
        change: '0.1',
        simple_return: '0.25000000',
        log_return: '0.22314355',
      },
      {
        at: '12:20',
        price: '0.2',
        price_before: '0.5',
        change: '-0.3',
        simple_return: '-0.60000000',
        log_return: '-0.91629073',
      },
      { at: '12:30', price: null, price_before: '0.2', change: null, simple_return: null, log_return: null },
    ]);
  });

  test('rolling_volatility is the deviation of the returns within the time looked back over', async () => {
    await using opened = await openDatabase({ timescale });
    const midpoints = ['0.5', '0.6', '0.5', '0.6', '0.6', '0.6'];
    const prices = midpoints.map((midpoint, minute) => quote(minute - 1, '0.1', '0.9', midpoint));
    await opened.database.apply(batch(0, 6, { prices }));
    const rows = await opened.sql<Record<string, string | null>>(
      `SELECT volatility, daily_volatility, change_deviation, returns::int
       FROM rolling_volatility('${TOKEN_YES}', '${time(0)}', '${time(4)}', '2 minutes', '1 minute')`,
    );
    // Returns: +l, -l, +l, 0, 0 with l = ln(1.2), two in each window; of a and b the deviation is |a - b| / sqrt(2).
    const whole = (Math.log(1.2) * Math.SQRT2).toFixed(8);
    const half = (Math.log(1.2) / Math.SQRT2).toFixed(8);
    expect(rows.map(({ volatility }) => volatility)).toEqual([null, null, whole, whole, half]);
    expect(rows.map(({ returns }) => returns)).toEqual([0, 1, 2, 2, 2]);
    expect(rows.at(-1)?.change_deviation).toBe((0.1 / Math.SQRT2).toFixed(8));
    expect(Number(rows.at(-1)?.daily_volatility)).toBeCloseTo((Math.log(1.2) / Math.SQRT2) * Math.sqrt(1_440), 6);
  });

  test('spread_history tells least, average and greatest spread, and when a side was empty', async () => {
    await using opened = await openDatabase({ timescale });
    const prices = [
      quote(0, '0.4', '0.5', '0.45'),
      quote(1, '0.40', '0.41', '0.405'),
      quote(2, null, '0.5', null),
      quote(5, null, null, null),
      quote(10, '0.4', '0.5', '0.45'),
    ];
    await opened.database.apply(batch(0, 5, { prices }));
    const history = `SELECT spread_min, spread_avg, spread_max, relative_spread, snapshots::int, one_sided::int
                     FROM spread_history('${TOKEN_YES}', '${time(0)}', '${time(10)}')`;
    const averaged = { spread_min: '0.01', spread_avg: '0.055', spread_max: '0.1', relative_spread: '0.123457' };
    const nothing = { spread_min: null, spread_avg: null, spread_max: null, relative_spread: null };
    expect(await opened.sql(history)).toEqual([
      { ...averaged, snapshots: 3, one_sided: 1 },
      { ...nothing, snapshots: 1, one_sided: 1 },
    ]);
  });

  test('book_imbalance compares both sides by depth', async () => {
    await using opened = await openDatabase({ timescale });
    const empty = { bestBid: null, spread: null, midpoint: null };
    const books = [
      book(),
      book({ slotAtMs: at(5), bids: [], ...empty }),
      book({ slotAtMs: at(10), bids: [], asks: [], ...empty, bestAsk: null }),
    ];
    await opened.database.apply(batch(0, 3, { books }));
    const imbalance = (depths: string) =>
      opened.sql(
        `SELECT depth, bid_size, ask_size, imbalance, bid_levels::int AS bids, ask_levels::int AS asks
         FROM book_imbalance('${TOKEN_YES}', '${time(0)}', '${time(15)}', ${depths})`,
      );
    expect(await imbalance(`'{0, 0.01, NULL}'`)).toEqual([
      { depth: '0', bid_size: '100', ask_size: '40', imbalance: '0.428571', bids: 1, asks: 1 },
      { depth: '0.01', bid_size: '2600.5', ask_size: '40', imbalance: '0.969703', bids: 2, asks: 1 },
      { depth: null, bid_size: '2600.5', ask_size: '31387', imbalance: '-0.846973', bids: 2, asks: 3 },
      { depth: '0', bid_size: '0', ask_size: '40', imbalance: '-1', bids: 0, asks: 1 },
      { depth: '0.01', bid_size: '0', ask_size: '40', imbalance: '-1', bids: 0, asks: 1 },
      { depth: null, bid_size: '0', ask_size: '31387', imbalance: '-1', bids: 0, asks: 3 },
      { depth: '0', bid_size: '0', ask_size: '0', imbalance: null, bids: 0, asks: 0 },
      { depth: '0.01', bid_size: '0', ask_size: '0', imbalance: null, bids: 0, asks: 0 },
      { depth: null, bid_size: '0', ask_size: '0', imbalance: null, bids: 0, asks: 0 },
    ]);
  });

  test('volume_profile tells what takers bought and sold at which prices', async () => {
    await using opened = await openDatabase({ timescale });
    const trades = [
      trade('a', { price: '0.409', size: '10' }),
      trade('b', { price: '0.40', size: '5', side: 'SELL' }),
      trade('c', { price: '0.41', size: '1.5', side: 'SELL', source: 'data_api' }),
      trade('d', { price: '0.41', size: '100', exchangeAtMs: at(10) }),
      trade('e', { price: '0.41', size: '100', tokenId: TOKEN_NO }),
    ];
    await opened.database.apply(batch(0, 5, { trades }));
    expect(
      await opened.sql(
        `SELECT price, buy_volume, sell_volume, volume, buy_notional, sell_notional, trades::int
         FROM volume_profile('${TOKEN_YES}', '${time(0)}', '${time(10)}')`,
      ),
    ).toEqual([
      {
        price: '0.4',
        buy_volume: '10',
        sell_volume: '5',
        volume: '15',
        buy_notional: '4.090',
        sell_notional: '2.00',
        trades: 2,
      },
      {
        price: '0.41',
        buy_volume: '0',
        sell_volume: '1.5',
        volume: '1.5',
        buy_notional: '0',
        sell_notional: '0.615',
        trades: 1,
      },
    ]);
  });

  test('market_summary tells all of a market, of one or of all', async () => {
    await using opened = await openDatabase({ timescale });
    const other = market({
      conditionId: `0x${'ab'.repeat(32)}`,
      question: 'Will it rain?',
      tokens: [
        { tokenId: '1', outcome: 'Yes', outcomeIndex: 0 },
        { tokenId: '2', outcome: 'No', outcomeIndex: 1 },
      ],
    });
    const trades = [
      trade('a', { price: '0.4', size: '10' }),
      trade('b', { price: '0.6', size: '30', side: 'SELL', exchangeAtMs: at(1) }),
      trade('c', { price: '0.5', size: '10', source: 'data_api', exchangeAtMs: at(2) }),
      trade('rain', { price: '0.9', size: '1000', tokenId: '2', conditionId: other.conditionId }),
      trade('before', { exchangeAtMs: NOON_MS - 1 }),
    ];
    const prices = [quote(0, '0.4', '0.5', '0.45'), quote(5, '0.5', '0.52', '0.51'), quote(10, '0.1', '0.9', '0.5')];
    const facts = [step(1, { conditionId: other.conditionId })];
    await opened.database.apply(batch(0, 9, { trades, prices, facts, markets: [market(), other] }));
    const columns = `question, outcome, open, high, low, close, vwap, volume, notional, buy_volume, sell_volume,
      trades::int, best_bid, best_ask, midpoint, spread, quoted_at, closed, resolution_state, resolution`;
    const rained = {
      question: 'Will it rain?',
      outcome: 'No',
      open: '0.9',
      high: '0.9',
      low: '0.9',
      close: '0.9',
      vwap: '0.9',
      volume: '1000',
      notional: '900.0',
      buy_volume: '1000',
      sell_volume: '0',
      trades: 1,
      best_bid: null,
      best_ask: null,
      midpoint: null,
      spread: null,
      quoted_at: null,
      closed: false,
      resolution_state: 'proposed',
      resolution: null,
    };
    const cut = {
      question: market().question,
      outcome: 'Yes',
      open: '0.4',
      high: '0.6',
      low: '0.4',
      close: '0.6',
      vwap: '0.54',
      volume: '50',
      notional: '27.0',
      buy_volume: '20',
      sell_volume: '30',
      trades: 3,
      best_bid: '0.5',
      best_ask: '0.52',
      midpoint: '0.51',
      spread: '0.02',
      quoted_at: new Date(at(5) + 2_000),
      closed: false,
      resolution_state: null,
      resolution: null,
    };
    const summary = (args: string) =>
      opened.sql(`SELECT ${columns} FROM market_summary('${time(0)}', '${time(10)}'${args})`);
    expect(await summary('')).toEqual([rained, cut]);
    expect(await summary(`, '${CONDITION}'`)).toEqual([cut]);
  });

  test('is described, and so are its arguments', async () => {
    await using opened = await openDatabase({ timescale });
    const functions = await opened.sql<{ name: string; description: string | null; names: string[] }>(
      `SELECT proname AS name, obj_description(pg_proc.oid, 'pg_proc') AS description, proargnames AS names
       FROM pg_proc WHERE pronamespace = 'public'::regnamespace
         AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')`,
    );
    expect(functions.map(({ name }) => name).sort()).toEqual([
      'book_imbalance',
      'market_summary',
      'price_returns',
      'price_series',
      'rolling_volatility',
      'spread_history',
      'volume_profile',
    ]);
    for (const { name, description, names } of functions) {
      for (const word of names) expect(description, `${name}: ${word}`).toMatch(new RegExp(`\\b${word}\\b`));
    }
  });

  test('reads the chunks of its time alone', async () => {
    await using opened = await openDatabase({ timescale });
    const days = [...Array(6).keys()].map((day) => NOON_MS + day * 24 * 60 * MINUTE);
    await opened.database.apply(
      batch(0, 18, {
        trades: days.map((exchangeAtMs) => trade('a', { exchangeAtMs })),
        prices: days.map((slotAtMs) => price({ slotAtMs, seenAtMs: slotAtMs })),
        books: days.map((slotAtMs) => book({ slotAtMs })),
      }),
    );
    const [from, to] = [time(24 * 60 - 30), time(24 * 60 + 30)];
    for (const call of [
      `spread_history('${TOKEN_YES}', '${from}', '${to}')`,
      `book_imbalance('${TOKEN_YES}', '${from}', '${to}')`,
      `volume_profile('${TOKEN_YES}', '${from}', '${to}')`,
      `price_returns('${TOKEN_YES}', '${from}', '${to}')`,
      `rolling_volatility('${TOKEN_YES}', '${from}', '${to}', price_of => 'trade')`,
      `market_summary('${from}', '${to}')`,
    ]) {
      expect(await chunksRead(opened, call), call).toBeLessThanOrEqual(2);
    }
    const all = `volume_profile('${TOKEN_YES}', '${time(0)}', '${time(6 * 24 * 60)}')`;
    expect(await chunksRead(opened, all)).toBe(opened.database.edition === 'postgresql' ? 1 : days.length);
  });
});

async function values(opened: OpenDatabase, query: string): Promise<unknown[]> {
  return (await opened.sql<Record<string, unknown>>(query)).flatMap((row) => Object.values(row));
}

/** How many chunks, or tables, of snapshots and trades were looked into at all. */
async function chunksRead(opened: OpenDatabase, call: string): Promise<number> {
  await opened.sql(`SELECT pg_stat_force_next_flush()`);
  const read = `SELECT sum(coalesce(seq_scan, 0) + coalesce(idx_scan, 0))::int AS scans, relname FROM pg_stat_xact_user_tables
    WHERE relname ~ '^(_hyper_|compress_hyper|trades$|price_snapshots$|book_snapshots$)' GROUP BY relname`;
  await opened.sql('BEGIN');
  await opened.sql(`SELECT * FROM ${call}`);
  const tables = await opened.sql<{ scans: number }>(read);
  await opened.sql('COMMIT');
  return tables.filter(({ scans }) => scans > 0).length;
}
