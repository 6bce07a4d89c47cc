import type { LifecycleEvent, Market, MarketFact, ResolutionStep, TickSizeChange } from '@polytape/types';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EDITIONS, openDatabase } from '../open-database.ts';
import { batch, CONDITION, market, NOON_MS, step, TOKEN_NO, TOKEN_YES } from './sample-batch.ts';

const announced: LifecycleEvent = {
  type: 'new_market',
  conditionId: CONDITION,
  gammaId: '561829',
  tokenIds: [TOKEN_YES, TOKEN_NO],
  outcomes: ['Yes', 'No'],
  question: 'Will the Fed cut rates in September?',
  slug: 'will-the-fed-cut-rates-in-september',
  winningTokenId: null,
  winningOutcome: null,
  exchangeAtMs: NOON_MS,
  receivedAtUs: NOON_MS * 1_000 + 41_250,
};
const finer: TickSizeChange = {
  type: 'tick_size_change',
  conditionId: CONDITION,
  tokenId: TOKEN_YES,
  oldTickSize: '0.01',
  newTickSize: '0.001',
  exchangeAtMs: NOON_MS + 1,
  receivedAtUs: NOON_MS * 1_000 + 42_000,
};
const disputed = step(2, { type: 'resolution_disputed' });
const won = step(3, {
  type: 'resolution_resolved',
  settlement: { outcome: 'win1', winningTokenId: TOKEN_NO, payouts: ['0', '1'] },
  exchangeAtMs: NOON_MS + 2_500,
  method: 'data_api',
});
const reopened = step(4, { type: 'resolution_reopened' });

const RESOLUTION =
  'SELECT state, outcome, winner, winning_token_id, payout_0, payout_1, resolved_at, seen_at, method, step FROM market_resolutions';

describe.each(EDITIONS)('what happened to a market, $edition,', ({ timescale }) => {
  test('is one row each in events, whatever its type', async () => {
    await using opened = await openDatabase({ timescale });
    const facts: MarketFact[] = [
      announced,
      finer,
      {
        type: 'market_changed',
        conditionId: CONDITION,
        changed: ['closed'],
        market: market({ version: 2, seenAtMs: NOON_MS + 2 }),
      },
      step(1),
      won,
    ];
    await opened.database.apply(batch(0, 5, { facts }));
    await opened.database.apply(batch(5, 10, { facts }));
    expect(await opened.sql('SELECT * FROM events ORDER BY ts')).toEqual([
      {
        ts: new Date(NOON_MS),
        condition_id: CONDITION,
        type: 'new_market',
        token_id: null,
        seen_at: new Date(NOON_MS + 41),
        detail: {
          gammaId: '561829',
          tokenIds: [TOKEN_YES, TOKEN_NO],
          outcomes: ['Yes', 'No'],
          question: announced.question,
          slug: announced.slug,
          winningTokenId: null,
          winningOutcome: null,
        },
      },
      {
        ts: new Date(NOON_MS + 1),
        condition_id: CONDITION,
        type: 'tick_size_change',
        token_id: TOKEN_YES,
        seen_at: new Date(NOON_MS + 42),
        detail: { tokenId: TOKEN_YES, oldTickSize: '0.01', newTickSize: '0.001' },
      },
      {
        ts: new Date(NOON_MS + 2),
        condition_id: CONDITION,
        type: 'market_changed',
        token_id: null,
        seen_at: new Date(NOON_MS + 2),
        detail: { version: 2, changed: ['closed'] },
      },
      {
        ts: new Date(NOON_MS + 1_000),
        condition_id: CONDITION,
        type: 'resolution_proposed',
        token_id: null,
        seen_at: new Date(NOON_MS + 1_000),
        detail: {
          step: 1,
          outcome: null,
          winningTokenId: null,
          payouts: null,
          method: 'gamma',
          evidence: { umaResolutionStatus: 'proposed' },
        },
      },
      {
        ts: new Date(NOON_MS + 2_500),
        condition_id: CONDITION,
        type: 'resolution_resolved',
        token_id: null,
        seen_at: new Date(NOON_MS + 3_000),
        detail: {
          step: 3,
          outcome: 'win1',
          winningTokenId: TOKEN_NO,
          payouts: ['0', '1'],
          method: 'data_api',
          evidence: { umaResolutionStatus: 'proposed' },
        },
      },
    ]);
  });

  test('is stored once when several connections receive it, with the first receive time', async () => {
    await using opened = await openDatabase({ timescale });
    const again = { ...announced, receivedAtUs: announced.receivedAtUs + 1_000_000 };
    await opened.database.apply(batch(0, 2, { facts: [announced, again] }));
    await opened.database.apply(batch(2, 3, { facts: [again] }));
    expect(await opened.sql('SELECT received_at FROM venue_events')).toEqual([{ received_at: new Date(NOON_MS + 41) }]);
  });

  test('with its document is a whole row of market_versions', async () => {
    await using opened = await openDatabase({ timescale });
    const { database, sql } = opened;
    const documents = [
      market(),
      market({ version: 2, seenAtMs: NOON_MS + 60_000, closed: true, closedAtMs: NOON_MS + 59_000 }),
    ];
    const facts = documents.map(
      (document): MarketFact => ({
        type: 'market_changed',
        conditionId: CONDITION,
        changed: document.version === 1 ? [] : ['closed', 'closedAtMs'],
        market: document,
      }),
    );
    await database.apply(batch(0, 4, { facts: [...facts.toReversed(), ...facts], markets: documents }));
    expect(await sql('SELECT version::int, changed, closed FROM market_versions ORDER BY version')).toEqual([
      { version: 1, changed: [], closed: false },
      { version: 2, changed: ['closed', 'closed_at'], closed: true },
    ]);
    // The newest version is the market, column by column.
    expect(
      await sql(
        `SELECT to_jsonb(market_versions) - 'changed' = to_jsonb(markets) AS equal
         FROM market_versions JOIN markets USING (condition_id, version)`,
      ),
    ).toEqual([{ equal: true }]);
  });
});

describe('what changed in a document', () => {
  const was = market({ seenAtMs: NOON_MS });
  /** Each field of a document with another value, one that shows in its columns. */
  const others: Partial<Market> = {
    ...{ gammaId: '2', question: 'Will it?', slug: 'will-it', protocol: 'v2', groupItemTitle: 'a', questionId: '0x1' },
    tokens: [
      { tokenId: '1', outcome: 'Up', outcomeIndex: 0 },
      { tokenId: '2', outcome: 'Down', outcomeIndex: 1 },
    ],
    event: { id: '9', slug: 'other', title: 'Other' },
    ...{ category: 'Sports', tags: [], active: false, closed: true, acceptingOrders: false, negRisk: false },
    ...{ tickSize: '0.01', sizeMin: '1', volume: '1', volume24h: '1', liquidity: '1' },
    fees: { enabled: true, type: 'a', rate: '1', exponent: '1', takerOnly: true, rebateRate: '0' },
    ...{ startAtMs: NOON_MS, endAtMs: NOON_MS, closedAtMs: NOON_MS },
    resolution: {
      ...{ state: 'proposed', step: 1, settlement: null, method: 'gamma', exchangeAtMs: null, seenAtMs: NOON_MS },
    },
  };
  const names = Object.keys(others);
  const changes = names.map((name, n): MarketFact => {
    const document = { ...was, [name]: others[name as keyof Market], version: n + 2 };
    return { type: 'market_changed', conditionId: CONDITION, changed: [name], market: document };
  });

  test.each(EDITIONS)('is named by its columns, $edition', async ({ timescale }) => {
    await using opened = await openDatabase({ timescale });
    const first: MarketFact = { type: 'market_changed', conditionId: CONDITION, changed: [], market: was };
    const all: MarketFact = {
      ...{ type: 'market_changed', conditionId: CONDITION, changed: [...names, 'comesLater', 'closed'] },
      market: { ...was, ...others, version: 1_000 },
    };
    await opened.database.apply(batch(0, 1, { facts: [first, ...changes, all] }));
    const told = 'SELECT version::int, changed FROM market_versions ORDER BY version';
    const rows = await opened.sql<{ version: number; changed: string[] }>(told);
    const differing = await opened.sql(
      `SELECT next.version::int, array_agg(key ORDER BY place) AS changed
       FROM market_versions AS next, market_versions AS first,
         json_each_text(to_json(next)) WITH ORDINALITY AS column_of (key, value, place)
       WHERE first.version = 1 AND next.version > 1 AND key NOT IN ('version', 'changed')
         AND value IS DISTINCT FROM to_json(first) ->> key
       GROUP BY next.version ORDER BY next.version`,
    );
    const sorted = ({ version, changed }: { version: number; changed: string[] }) => ({
      version,
      changed: changed.toSorted(),
    });
    expect(rows.slice(1, -1).map(sorted)).toEqual(differing.slice(0, -1).map((row) => sorted(row as never)));
    expect(rows.at(-1)?.changed).toEqual([...rows.slice(1, -1).flatMap(({ changed }) => changed), 'comesLater']);
  });
});

describe('a resolution', () => {
  test('is shown as its last step has it, with its question and the name of the winner', async () => {
    await using opened = await openDatabase({ timescale: false });
    const { database, sql } = opened;
    await database.apply(batch(0, 3, { facts: [step(1), disputed], markets: [market()] }));
    expect(await sql('SELECT question, state, outcome, step FROM market_resolutions')).toEqual([
      { question: market().question, state: 'disputed', outcome: null, step: 2 },
    ]);
    await database.apply(batch(3, 4, { facts: [won] }));
    expect(await sql(RESOLUTION)).toEqual([
      {
        state: 'resolved',
        outcome: 'win1',
        winner: 'No',
        winning_token_id: TOKEN_NO,
        payout_0: '0',
        payout_1: '1',
        resolved_at: new Date(NOON_MS + 2_500),
        seen_at: new Date(NOON_MS + 3_000),
        method: 'data_api',
        step: 3,
      },
    ]);
    await database.apply(batch(4, 5, { facts: [reopened] }));
    expect(await sql('SELECT state, outcome, winning_token_id, payout_0, resolved_at FROM resolutions')).toEqual([
      { state: 'reopened', outcome: null, winning_token_id: null, payout_0: null, resolved_at: null },
    ]);
  });

  test('is the same in whatever order, batches and repetitions its steps arrive', async () => {
    await using opened = await openDatabase({ timescale: false });
    const { database, sql } = opened;
    const again = step(5, {
      type: 'resolution_resolved',
      settlement: { outcome: 'split', winningTokenId: null, payouts: ['0.5', '0.5'] },
    });
    const steps = [step(1), disputed, won, reopened, again];
    const history = fc.array(
      fc.subarray(steps).chain((some) => fc.shuffledSubarray(some)),
      { maxLength: 4 },
    );
    let expected: unknown = null;
    for (const batches of fc.sample(history, 30)) {
      await sql('TRUNCATE resolution_events, resolutions, stream_positions');
      for (const [at, facts] of [...batches, steps].entries()) await database.apply(batch(at, at + 1, { facts }));
      const found = { steps: await sql('SELECT * FROM resolution_events ORDER BY step'), now: await sql(RESOLUTION) };
      expected ??= found;
      expect(found).toEqual(expected);
      expect(found.now).toMatchObject([{ state: 'resolved', outcome: 'split', payout_0: '0.5', step: 5 }]);
    }
  });

  test('shows the right state although a leader that died published another step with the same number', async () => {
    await using opened = await openDatabase({ timescale: false });
    const { database, sql } = opened;
    const dead = step(1, { seenAtMs: NOON_MS });
    const alive: ResolutionStep = { ...won, step: 1, seenAtMs: NOON_MS + 60_000 };
    await database.apply(batch(0, 3, { facts: [dead, alive, { ...dead, seenAtMs: NOON_MS + 90_000 }] }));
    expect(await sql('SELECT state, outcome FROM resolutions')).toEqual([{ state: 'resolved', outcome: 'win1' }]);
    expect(await sql('SELECT type, seen_at FROM resolution_events ORDER BY seen_at')).toEqual([
      { type: 'resolution_proposed', seen_at: new Date(NOON_MS) },
      { type: 'resolution_resolved', seen_at: new Date(NOON_MS + 60_000) },
    ]);
  });

  test('has its evidence stored with unstorable characters replaced', async () => {
    await using opened = await openDatabase({ timescale: false });
    const evidence = { 'a\0': ['\ud800', { b: 'c\0' }], n: 0.1, t: true, nothing: null };
    await opened.database.apply(batch(0, 1, { facts: [step(1, { evidence })] }));
    expect(await opened.sql('SELECT evidence FROM resolution_events')).toEqual([
      { evidence: { 'a\ufffd': ['\ufffd', { b: 'c\ufffd' }], n: 0.1, t: true, nothing: null } },
    ]);
  });
});
