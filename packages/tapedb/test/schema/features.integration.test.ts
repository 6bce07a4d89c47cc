import { describe, expect, test } from 'vitest';
import { EDITIONS, type OpenDatabase, openDatabase, stopBackgroundJobs } from '../open-database.ts';
import {
  batch,
  book,
  CONDITION,
  market,
  NOON_MS,
  price,
  step,
  TOKEN_NO,
  TOKEN_YES,
  trade,
} from '../projection/sample-batch.ts';
import { chunksRead } from './chunks-read.ts';

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

/** A quote seen three minutes after the start of the interval that it stands for. */
const seen = (minutes: number, bid: string | null, ask: string | null, midpoint: string | null) => ({
  ...quote(minutes - 3, bid, ask, midpoint),
  seenAtMs: at(minutes),
});
const SERIES = ['price_series', 'price_returns', 'rolling_volatility'];

describe.each(EDITIONS)('$edition,', ({ timescale }) => {
  test('price_series carries the last known price forward for a limited time, and none back from the future', async () => {
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

  test('price_series of trades takes the last one seen live, with ties as in the candles', async () => {
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

  test('price_returns compares the price with the one a horizon ago', async () => {
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

  test('rolling_volatility is the deviation of the returns within the lookback', async () => {
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

  test('no function has rows for a token or market that the tape does not know', async () => {
    await using opened = await openDatabase({ timescale });
    await opened.database.apply(batch(0, 1, { prices: [quote(0, '0.4', '0.5', '0.45')] }));
    const range = `'${time(0)}', '${time(10)}'`;
    for (const name of [...SERIES, 'spread_history', 'book_imbalance', 'volume_profile']) {
      expect(await opened.sql(`SELECT * FROM ${name}('12', ${range})`), name).toEqual([]);
    }
    expect(await opened.sql(`SELECT * FROM market_summary(${range}, '0x12')`)).toEqual([]);
  });

  test('price_series gives the same price for a time wherever the series starts', async () => {
    await using opened = await openDatabase({ timescale });
    const late = price({ slotAtMs: at(0), seenAtMs: at(4), midpoint: '0.45' }); // seen near the end of its interval
    await opened.database.apply(batch(0, 1, { prices: [late] }));
    for (const from of [0, 5]) {
      const series = `price_series('${TOKEN_YES}', '${time(from)}', '${time(5)}', '1 minute', age_max => '2 minutes')`;
      expect((await values(opened, `SELECT price FROM ${series}`)).at(-1), `from ${from}`).toBe('0.45');
    }
  });

  test('every function refuses an invalid argument with an error that names it', async () => {
    await using opened = await openDatabase({ timescale });
    const mistakes: [string, string, string][] = [
      ['price_series', `price_source => 'mid'`, `price_source must be midpoint or trade, not 'mid'`],
      ['price_returns', `price_source => 'Trade'`, `price_source must be midpoint or trade, not 'Trade'`],
      ['rolling_volatility', 'price_source => NULL', 'price_source must be midpoint or trade, not NULL'],
      ['price_returns', `horizon => '0'`, 'horizon must be positive'],
      ['price_returns', `horizon => '1 month'`, 'horizon must be without months and years'],
      ['price_series', `step => '1 microsecond'`, 'start_time to end_time must not have more than 10,000,000 steps'],
      ['rolling_volatility', `lookback => '30 seconds'`, 'lookback must not be shorter than step'],
      ['spread_history', `step => '1 month'`, 'step must be without months and years'],
      ['spread_history', `age_max => '0'`, 'age_max must be positive'],
      ['price_series', `age_max => '-1 hour'`, 'age_max must be positive'],
      ['book_imbalance', `depths => '{NULL, -0.01}'`, 'depths must not be negative'],
      ['volume_profile', 'price_step => 0', 'price_step must be positive'],
      ['volume_profile', 'price_step => -0.01', 'price_step must be positive'],
      ...[...SERIES, 'spread_history'].flatMap((name) =>
        [`'0'`, `'-1 minute'`, 'NULL'].map((step): [string, string, string] => [
          name,
          `step => ${step}`,
          'step must be positive',
        ]),
      ),
    ];
    for (const [name, argument, message] of mistakes) {
      const call = `SELECT * FROM ${name}('12', '${time(0)}', '${time(10)}', ${argument})`;
      await expect(opened.sql(call), call).rejects.toMatchObject({ code: '22023', message });
    }
    await expect(opened.sql(`SELECT * FROM price_series('12', '-infinity', '${time(0)}')`)).rejects.toThrow(
      'start_time and end_time must be finite',
    );
  });

  test('spread_history weights each spread by how long it held after it was seen', async () => {
    await using opened = await openDatabase({ timescale });
    const prices = [
      seen(1, '0.4', '0.5', '0.45'), // holds 3 minutes; its interval began before noon
      seen(4, '0.40', '0.41', '0.405'), // holds 2 minutes, one of them in the next interval
      seen(6, null, '0.5', null), // no spread for 2 minutes
      seen(8, '0.4', '0.42', '0.41'), // holds through two intervals without changes
    ];
    await opened.database.apply(batch(0, 4, { prices }));
    expect(await spreads(opened, time(0), time(20))).toEqual([
      {
        at: '12:00',
        ...{ spread_min: '0.01', spread_avg: '0.0775', spread_max: '0.1', relative_spread: '0.17284' },
        ...{ known: '00:04:00', snapshots: 2, one_sided: 0 },
      },
      {
        at: '12:05',
        ...{ spread_min: '0.01', spread_avg: '0.016667', spread_max: '0.02', relative_spread: '0.040751' },
        ...{ known: '00:03:00', snapshots: 2, one_sided: 1 },
      },
      ...['12:10', '12:15'].map((start) => ({
        at: start,
        ...{ spread_min: '0.02', spread_avg: '0.02', spread_max: '0.02', relative_spread: '0.04878' },
        ...{ known: '00:05:00', snapshots: 0, one_sided: 0 },
      })),
    ]);
  });

  test('spread_history carries a spread for age_max at most, and has none during an outage', async () => {
    await using opened = await openDatabase({ timescale });
    const prices = [seen(-7, '0.4', '0.5', '0.45'), seen(21, null, null, null), seen(22, '0.4', '0.6', '0.5')];
    await opened.database.apply(batch(0, 3, { prices }));
    const one = { spread_min: '0.1', spread_avg: '0.1', spread_max: '0.1', relative_spread: '0.222222' };
    const two = { spread_min: '0.2', spread_avg: '0.2', spread_max: '0.2', relative_spread: '0.4' };
    expect(await spreads(opened, time(0), time(24), `age_max => '9 minutes'`)).toEqual([
      { at: '12:00', ...one, known: '00:02:00', snapshots: 0, one_sided: 0 },
      { at: '12:20', ...two, known: '00:02:00', snapshots: 2, one_sided: 1 },
    ]);
    // What is seen at the end or later does not count, whatever its interval.
    expect(await spreads(opened, time(20), time(22), `age_max => '9 minutes'`)).toMatchObject([
      { at: '12:20', spread_avg: null, known: '00:00:00', snapshots: 1, one_sided: 1 },
    ]);
    const whole = await spreads(opened, '-infinity', 'infinity', `age_max => '9 minutes'`);
    expect(whole.map((row) => row.at)).toEqual(['11:50', '11:55', '12:00', '12:20', '12:25', '12:30']);
  });

  test('spread_history counts days of 24 hours, even when clocks change', async () => {
    await using opened = await openDatabase({ timescale });
    await opened.sql(`SET timezone = 'America/New_York'`);
    const first = Date.UTC(2026, 9, 31); // the clocks change on the second day
    await opened.database.apply(batch(0, 1, { prices: [price({ slotAtMs: first, seenAtMs: first })] }));
    const range = `'2026-10-31T00:00Z', '2026-11-04T00:00Z', '1 day', age_max => '96 hours'`;
    const days = `SELECT ts, extract(epoch FROM known)::int AS known FROM spread_history('${TOKEN_YES}', ${range})`;
    expect(await opened.sql(days)).toEqual(
      [0, 1, 2, 3].map((day) => ({ ts: new Date(first + day * 86_400_000), known: 86_400 })),
    );
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

  test('book_imbalance returns the books seen in a time range, with the time of seeing', async () => {
    await using opened = await openDatabase({ timescale });
    const books = [at(0), at(5), at(10)].map((slotAtMs) => book({ slotAtMs, seenAtMs: slotAtMs + 4 * MINUTE }));
    await opened.database.apply(batch(0, 3, { books }));
    expect(
      await opened.sql(
        `SELECT ts, seen_at FROM book_imbalance('${TOKEN_YES}', '${time(4)}', '${time(14)}', '{0}') ORDER BY seen_at`,
      ),
    ).toEqual([
      { ts: new Date(at(0)), seen_at: new Date(at(4)) },
      { ts: new Date(at(5)), seen_at: new Date(at(9)) },
    ]);
  });

  test('volume_profile sums what takers bought and sold at which prices', async () => {
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

  test('market_summary summarises one market or all markets', async () => {
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

  test('market_summary quotes nothing seen at its end or later', async () => {
    await using opened = await openDatabase({ timescale });
    const prices = [seen(6, '0.4', '0.5', '0.45'), seen(10, '0.6', '0.7', '0.65')];
    await opened.database.apply(batch(0, 2, { prices }));
    const quoted = (to: string) => opened.sql(`SELECT midpoint, quoted_at FROM market_summary('${time(0)}', '${to}')`);
    expect(await quoted(time(10))).toEqual([{ midpoint: '0.45', quoted_at: new Date(at(6)) }]);
    expect(await quoted(time(11))).toEqual([{ midpoint: '0.65', quoted_at: new Date(at(10)) }]);
  });

  test('every function has a comment that explains its arguments and columns', async () => {
    await using opened = await openDatabase({ timescale });
    const functions = await opened.sql<{ name: string; description: string | null; names: string[] }>(
      `SELECT proname AS name, obj_description(pg_proc.oid, 'pg_proc') AS description, proargnames AS names
       FROM pg_proc WHERE pronamespace = 'public'::regnamespace
         AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')`,
    );
    expect(functions.map(({ name }) => name).sort()).toEqual([
      'book_imbalance',
      'check_argument',
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

  test('every function reads only the chunks of its time range', async () => {
    await using opened = await openDatabase({ timescale });
    await stopBackgroundJobs(opened);
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
      `rolling_volatility('${TOKEN_YES}', '${from}', '${to}', price_source => 'trade')`,
      `market_summary('${from}', '${to}')`,
    ]) {
      expect(await chunksRead(opened, `SELECT * FROM ${call}`), call).toBeLessThanOrEqual(2);
    }
    const all = `volume_profile('${TOKEN_YES}', '${time(0)}', '${time(6 * 24 * 60)}')`;
    expect(await chunksRead(opened, `SELECT * FROM ${all}`)).toBe(
      opened.database.edition === 'postgresql' ? 1 : days.length,
    );
  });
});

async function values(opened: OpenDatabase, query: string): Promise<unknown[]> {
  return (await opened.sql<Record<string, unknown>>(query)).flatMap((row) => Object.values(row));
}

/** The rows of spread_history, by default for intervals of five minutes. */
function spreads(opened: OpenDatabase, from: string, to: string, more = `step => '5 minutes'`) {
  return opened.sql<Record<string, unknown>>(
    `SELECT to_char(ts AT TIME ZONE 'UTC', 'HH24:MI') AS at, spread_min, spread_avg, spread_max, relative_spread,
       known::text, snapshots::int, one_sided::int
     FROM spread_history('${TOKEN_YES}', '${from}', '${to}', ${more})`,
  );
}
