import type { Market } from '@polytape/types';
import { expect, test } from 'vitest';
import { openDatabase } from '../open-database.ts';
import { batch, CONDITION, market, NOON_MS, TOKEN_NO, TOKEN_YES, trade } from './sample-batch.ts';

const ALL_FIELDS: Partial<Market> = {
  groupItemTitle: '25 bps decrease',
  questionId: '0x90b3',
  fees: { enabled: true, type: 'politics', rate: '0.04', exponent: '1', takerOnly: true, rebateRate: '0.25' },
  volume: '1234567.891',
  volume24h: '8901.2',
  liquidity: '345',
  resolution: {
    state: 'proposed',
    step: 1,
    settlement: null,
    method: 'gamma',
    exchangeAtMs: NOON_MS,
    seenAtMs: NOON_MS + 1,
  },
};

test('a market is stored with every field', async () => {
  await using opened = await openDatabase({ timescale: false });
  await opened.database.apply(batch(0, 1, { markets: [market(ALL_FIELDS)] }));
  expect(await opened.sql('SELECT * FROM markets')).toEqual([
    {
      condition_id: CONDITION,
      version: '1',
      gamma_id: '561829',
      question: 'Will the Fed cut rates in September?',
      slug: 'will-the-fed-cut-rates-in-september',
      protocol: 'v1',
      event_id: '23784',
      event_slug: 'fed-decision-in-september',
      event_title: 'Fed decision in September?',
      category: 'Economics',
      tags: ['Fed', 'Economy "and" rates, all'],
      active: true,
      closed: false,
      accepting_orders: true,
      neg_risk: true,
      tick_size: '0.001',
      size_min: '5',
      start_at: new Date(NOON_MS - 86_400_000),
      end_at: new Date(NOON_MS + 86_400_000),
      closed_at: null,
      seen_at: new Date(NOON_MS),
      group_item_title: '25 bps decrease',
      question_id: '0x90b3',
      token_ids: [TOKEN_YES, TOKEN_NO],
      outcomes: ['Yes', 'No'],
      fees_enabled: true,
      fee_type: 'politics',
      fee_rate: '0.04',
      fee_exponent: '1',
      fee_taker_only: true,
      fee_rebate_rate: '0.25',
      volume: '1234567.891',
      volume_24h: '8901.2',
      liquidity: '345',
      resolution_state: 'proposed',
      resolution_step: 1,
    },
  ]);
});

test('of the documents of a market the newest is kept, in whatever batches they come', async () => {
  await using opened = await openDatabase({ timescale: false });
  const { database, sql } = opened;
  const document = (version: number) =>
    market({ version, question: `version ${version}`, seenAtMs: NOON_MS + version, event: null, tickSize: null });
  await database.apply(batch(0, 3, { markets: [document(2), document(3), document(1)] }));
  expect(await sql('SELECT version, question FROM markets')).toEqual([{ version: '3', question: 'version 3' }]);

  await database.apply(batch(3, 4, { markets: [document(2), document(1)] }));
  expect(await sql('SELECT version, question FROM markets')).toEqual([{ version: '3', question: 'version 3' }]);

  await database.apply(batch(4, 5, { markets: [document(4)] }));
  expect(await sql('SELECT version, event_id, tick_size FROM markets')).toEqual([
    { version: '4', event_id: null, tick_size: null },
  ]);
});

test('a document seen later is kept although its stream counts versions from 1 again', async () => {
  await using opened = await openDatabase({ timescale: false });
  const { database, sql } = opened;
  await database.apply(batch(0, 1, { markets: [market({ version: 57 })] }));
  await database.apply(batch(1, 2, { markets: [market({ version: 1, closed: true, seenAtMs: NOON_MS + 60_000 })] }));
  expect(await sql('SELECT version, closed FROM markets')).toEqual([{ version: '1', closed: true }]);
});

test('a market that comes after its trades gives them their question and outcome', async () => {
  await using opened = await openDatabase({ timescale: false });
  const { database, sql } = opened;
  const wrongCondition = `0x${'00'.repeat(32)}`;
  const trades = [trade('yes', { conditionId: wrongCondition }), trade('no', { tokenId: TOKEN_NO })];
  await database.apply(batch(0, 2, { trades }));
  const before = await sql('SELECT token_id, token_key FROM tokens ORDER BY token_id');

  await database.apply({ ...batch(0, 1, { markets: [market()] }), stream: 'MARKETS' });

  expect(await sql('SELECT token_id, condition_id, question, outcome FROM trade_tape ORDER BY token_id')).toEqual([
    { token_id: TOKEN_NO, condition_id: CONDITION, question: market().question, outcome: 'No' },
    { token_id: TOKEN_YES, condition_id: CONDITION, question: market().question, outcome: 'Yes' },
  ]);
  expect(await sql('SELECT token_id, token_key FROM tokens ORDER BY token_id')).toEqual(before);
});

test('an old document changes no token', async () => {
  await using opened = await openDatabase({ timescale: false });
  const { database, sql } = opened;
  const renamed = market({ version: 2, seenAtMs: NOON_MS + 1 });
  renamed.tokens[0] = { ...renamed.tokens[0], outcome: 'Yes, it will' };
  await database.apply(batch(0, 1, { markets: [renamed] }));
  await database.apply(batch(1, 2, { markets: [market()] }));
  expect(await sql('SELECT outcome, outcome_index FROM tokens ORDER BY outcome_index')).toEqual([
    { outcome: 'Yes, it will', outcome_index: 0 },
    { outcome: 'No', outcome_index: 1 },
  ]);
});

test('trades and markets with the same new tokens can be stored at the same time', async () => {
  await using opened = await openDatabase({ timescale: false });
  const { database, sql } = opened;
  const markets = [...Array(200).keys()].map((at) => {
    const ids = { yes: `${at}0`, no: `${at}1` };
    const conditionId = `0x${at.toString(16).padStart(64, '0')}`;
    return market({
      conditionId,
      tokens: [
        { tokenId: ids.yes, outcome: 'Yes', outcomeIndex: 0 },
        { tokenId: ids.no, outcome: 'No', outcomeIndex: 1 },
      ],
    });
  });
  const trades = markets
    .flatMap(({ conditionId, tokens }) => tokens.map(({ tokenId }) => trade(tokenId, { tokenId, conditionId })))
    .reverse();
  await Promise.all([
    database.apply(batch(0, 1, { trades })),
    database.apply({ ...batch(0, 1, { markets }), stream: 'MARKETS' }),
  ]);
  expect(await sql('SELECT count(*)::int AS named FROM trade_tape WHERE outcome IS NOT NULL')).toEqual([
    { named: 400 },
  ]);
  expect(await sql('SELECT count(*)::int AS tokens FROM tokens')).toEqual([{ tokens: 400 }]);
});
