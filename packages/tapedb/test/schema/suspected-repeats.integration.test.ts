import { describe, expect, test } from 'vitest';
import { EDITIONS, openDatabase, stopBackgroundJobs } from '../open-database.ts';
import { batch, CONDITION, market, NOON_MS, TOKEN_NO, TOKEN_YES, trade } from '../projection/sample-batch.ts';
import { chunksRead } from './chunks-read.ts';

const CONTENT = 'f00000000000000a';
const DAY_MS = 24 * 60 * 60 * 1_000;

describe.each(EDITIONS)('the suspected repeats $edition', ({ timescale }) => {
  test('are the trades that look like an earlier one, shown beside it', async () => {
    await using opened = await openDatabase({ timescale });
    const seen = (ordinal: number, receivedAfterMs: number, connectionId: string, tokenId = TOKEN_YES) =>
      trade('same', {
        ...{ tradeId: `${CONTENT}-${ordinal}`, connectionId, tokenId },
        receivedAtUs: (NOON_MS + receivedAfterMs) * 1_000,
      });
    const trades = [
      seen(0, 40, 'one'),
      seen(1, 1_540, 'two'),
      seen(2, 41, 'one'),
      trade('another'),
      seen(1, 90, 'one', TOKEN_NO), // the trade that it repeats is not on the tape
    ];
    await opened.database.apply(batch(0, 5, { trades, markets: [market()] }));
    const first = {
      first_trade_id: `${CONTENT}-0`,
      first_received_at: new Date(NOON_MS + 40),
      first_connection_id: 'one',
    };
    const none = { first_trade_id: null, first_received_at: null, first_connection_id: null };
    const shared = { ts: new Date(NOON_MS), condition_id: CONDITION, question: market().question, side: 'BUY' };
    expect(
      await opened.sql(
        `SELECT ts, condition_id, question, side, outcome, trade_id, received_at, connection_id,
           first_trade_id, first_received_at, first_connection_id, delay::text
         FROM suspected_repeats ORDER BY outcome DESC, trade_id`,
      ),
    ).toEqual([
      {
        ...{ ...shared, ...first, outcome: 'Yes', trade_id: `${CONTENT}-1` },
        ...{ received_at: new Date(NOON_MS + 1_540), connection_id: 'two', delay: '00:00:01.5' },
      },
      {
        ...{ ...shared, ...first, outcome: 'Yes', trade_id: `${CONTENT}-2` },
        ...{ received_at: new Date(NOON_MS + 41), connection_id: 'one', delay: '00:00:00.001' },
      },
      {
        ...{ ...shared, ...none, outcome: 'No', trade_id: `${CONTENT}-1` },
        ...{ received_at: new Date(NOON_MS + 90), connection_id: 'one', delay: null },
      },
    ]);
  });

  test('of a time range are read from its chunks only', async () => {
    await using opened = await openDatabase({ timescale });
    await stopBackgroundJobs(opened);
    const trades = [0, 1, 2, 3, 4].flatMap((day) =>
      [0, 1].map((ordinal) => trade('', { tradeId: `${CONTENT}-${ordinal}`, exchangeAtMs: NOON_MS + day * DAY_MS })),
    );
    await opened.database.apply(batch(0, 10, { trades }));
    const from = new Date(NOON_MS + 3.5 * DAY_MS).toISOString();
    const query = `SELECT * FROM suspected_repeats WHERE ts > '${from}'`;
    expect(await opened.sql(query)).toHaveLength(1);
    expect(await chunksRead(opened, query)).toBe(1);
  });
});
