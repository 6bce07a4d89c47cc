import { setImmediate as turn } from 'node:timers/promises';
import { tcpProxy } from '@polytape/test-servers';
import { describe, expect, test } from 'vitest';
import { BatchRejectedError, PositionConflictError } from '../../src/index.ts';
import { EDITIONS, open, openDatabase } from '../open-database.ts';

import {
  batch,
  CONDITION,
  deadLetter,
  NOON_MS,
  position,
  TOKEN_NO,
  TOKEN_YES,
  trade,
  unparsed,
} from './sample-batch.ts';

describe.each(EDITIONS)('a batch, $edition,', ({ timescale }) => {
  test('is stored together with its position', async () => {
    await using opened = await openDatabase({ timescale });
    const { database } = opened;
    expect(await database.position('TRADES')).toBeNull();

    const result = await database.apply(batch(0, 2, { trades: [trade('a'), trade('b')] }));

    expect(result).toEqual({ inserted: 2 });
    expect(await database.position('TRADES')).toEqual(position(2));
    expect(await database.tradeCount()).toBe(2);
  });

  test('shows in trade_tape as it was sent', async () => {
    await using opened = await openDatabase({ timescale });
    await opened.database.apply(
      batch(0, 2, {
        trades: [
          trade('first', { tradeId: 'fedcba9876543210-32767', exchangeAtMs: NOON_MS + 812 }),
          trade('second', {
            tradeId: '0000000000000001-0',
            side: 'SELL',
            source: 'data_api',
            price: '.50',
            feeRateBps: null,
            transactionHash: null,
            connectionId: null,
            exchangeAtMs: NOON_MS + 813,
          }),
        ],
      }),
    );

    expect(
      await opened.sql(
        `SELECT ts, token_id, condition_id, question, outcome, side, price, size, fee_rate_bps, transaction_hash,
                to_char(received_at AT TIME ZONE 'UTC', 'HH24:MI:SS.US') AS received_at, source, connection_id, trade_id
         FROM trade_tape ORDER BY ts`,
      ),
    ).toEqual([
      {
        ts: new Date(NOON_MS + 812),
        token_id: TOKEN_YES,
        condition_id: CONDITION,
        question: null,
        outcome: null,
        side: 'BUY',
        price: '0.925',
        size: '216.216215',
        fee_rate_bps: '0',
        transaction_hash: trade('first').transactionHash,
        received_at: '12:00:00.853250',
        source: 'websocket',
        connection_id: 'ingestor-1-0',
        trade_id: 'fedcba9876543210-32767',
      },
      {
        ts: new Date(NOON_MS + 813),
        token_id: TOKEN_YES,
        condition_id: CONDITION,
        question: null,
        outcome: null,
        side: 'SELL',
        price: '0.50',
        size: '216.216215',
        fee_rate_bps: null,
        transaction_hash: null,
        received_at: '12:00:00.854250',
        source: 'data_api',
        connection_id: null,
        trade_id: '0000000000000001-0',
      },
    ]);
  });

  test('adds no trade twice, neither within the batch nor after another one', async () => {
    await using opened = await openDatabase({ timescale });
    const { database } = opened;
    const twice = [trade('a'), trade('a'), trade('b')];
    expect(await database.apply(batch(0, 3, { trades: twice }))).toEqual({ inserted: 2 });

    const again = [trade('b', { connectionId: 'ingestor-2-0', receivedAtUs: NOON_MS * 1_000 }), trade('c')];
    expect(await database.apply(batch(3, 5, { trades: again }))).toEqual({ inserted: 1 });

    const seen = await opened.sql<{ connection_id: string }>('SELECT DISTINCT connection_id FROM trade_tape');
    expect(seen, 'the first sight of a trade stands').toEqual([{ connection_id: 'ingestor-1-0' }]);
  });

  test('adds no trade again that comes after many batches of new ones', async () => {
    await using opened = await openDatabase({ timescale });
    const inserted: number[] = [];
    for (let at = 0; at < 120; at++) {
      // The first trade comes again at first, and once more when the writer expects nothing known any longer.
      const names = at === 1 || at === 110 ? ['0', `${at}`] : [`${at}`];
      const trades = names.map((name) => trade(name));
      inserted.push((await opened.database.apply(batch(at, at + 1, { trades }))).inserted);
    }
    expect(inserted).toEqual(Array.from({ length: 120 }, () => 1));
    expect(await opened.database.tradeCount()).toBe(120);
  });

  test('keeps fills apart that differ in ordinal, token or time only', async () => {
    await using opened = await openDatabase({ timescale });
    const id = trade('a').tradeId.slice(0, 16);
    const trades = [
      trade('a'),
      trade('a', { tradeId: `${id}-1` }),
      trade('a', { tokenId: TOKEN_NO }),
      trade('a', { exchangeAtMs: NOON_MS + 1 }),
    ];
    expect(await opened.database.apply(batch(0, 4, { trades }))).toEqual({ inserted: 4 });
  });

  test('accepts trades that come days late', async () => {
    await using opened = await openDatabase({ timescale });
    const late = trade('late', { exchangeAtMs: NOON_MS - 40 * 86_400_000 });
    await opened.database.apply(batch(0, 1, { trades: [trade('now')] }));
    expect(await opened.database.apply(batch(1, 2, { trades: [late] }))).toEqual({ inserted: 1 });
  });

  test('that starts from another position than the stored one changes nothing', async () => {
    await using opened = await openDatabase({ timescale });
    const { database } = opened;
    await database.apply(batch(0, 2, { trades: [trade('a')] }));

    const conflicts = [
      batch(0, 3, { trades: [trade('b')] }),
      batch(1, 3, { trades: [trade('b')] }),
      { ...batch(2, 3, { trades: [trade('b')] }), from: position(2, { streamCreatedAt: 'another' }) },
    ];
    for (const conflict of conflicts) {
      await expect(database.apply(conflict)).rejects.toThrow(PositionConflictError);
    }
    expect(await database.position('TRADES')).toEqual(position(2));
    expect(await database.tradeCount()).toBe(1);
  });

  test('of two writers that start from the same position is stored once', async () => {
    await using opened = await openDatabase({ timescale });
    await using other = await open(opened.url);
    const batches = [...Array(20).keys()].map((at) => batch(at, at + 1, { trades: [trade(`trade ${at}`)] }));

    for (const one of batches) {
      const results = await Promise.allSettled([opened.database.apply(one), other.apply(one)]);
      const [lost] = results.filter((result) => result.status === 'rejected');
      expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
      expect(lost?.reason).toBeInstanceOf(PositionConflictError);
    }
    expect(await opened.database.tradeCount()).toBe(20);
  });

  test('leaves nothing behind when the server ends its connection halfway, and can be stored again', async () => {
    await using opened = await openDatabase({ timescale });
    await using writer = await open(opened.url, { applicationName: 'doomed' });
    await opened.sql('BEGIN');
    await opened.sql('LOCK TABLE trades IN EXCLUSIVE MODE');
    const one = batch(0, 1, { trades: [trade('a')], deadLetters: [deadLetter()] });
    const applied = expect(writer.apply(one)).rejects.toMatchObject({ code: '57P01' });

    const waiting = `SELECT pid FROM pg_stat_activity WHERE application_name = 'doomed' AND wait_event_type = 'Lock' AND datname = current_database()`;
    while ((await opened.sql(waiting)).length === 0) await opened.sql('SELECT pg_stat_clear_snapshot()');
    await opened.sql(`SELECT pg_terminate_backend(pid) FROM (${waiting}) AS waiting`);
    await applied;
    await opened.sql('ROLLBACK');

    expect(await writer.position('TRADES')).toBeNull();
    expect(await writer.tradeCount()).toBe(0);
    expect(await opened.sql('SELECT * FROM dead_letters')).toEqual([]);
    expect(await writer.apply(one)).toEqual({ inserted: 1 });
  });

  test('is stored, as the position shows, when the answer to COMMIT is lost', async () => {
    await using opened = await openDatabase({ timescale });
    await using proxy = await tcpProxy(opened.url);
    await using writer = await open(proxy.url);
    proxy.cutAfter('COMMIT\0');

    const error = await writer.apply(batch(0, 1, { trades: [trade('a')] })).catch((reason: unknown) => reason);

    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(BatchRejectedError);
    expect(error).not.toBeInstanceOf(PositionConflictError);
    while ((await opened.database.position('TRADES')) === null) await turn(); // The server is still at it.
    expect(await writer.position('TRADES')).toEqual(position(1));
    expect(await writer.tradeCount()).toBe(1);
  });
});

describe('a token', () => {
  test('keeps its key, and uses up no other when it comes again', async () => {
    await using opened = await openDatabase({ timescale: false });
    await using other = await open(opened.url);
    const tokens = [TOKEN_YES, TOKEN_NO, '3', '2', '1'];
    for (const [at, writer] of [opened.database, other, opened.database, other].entries()) {
      const trades = tokens.map((tokenId) => trade(`${at} ${tokenId}`, { tokenId }));
      await writer.apply(batch(at, at + 1, { trades }));
    }
    const keys = await opened.sql<{ token_key: number }>('SELECT token_key FROM tokens ORDER BY token_key');
    expect(keys.map((row) => row.token_key)).toEqual([1, 2, 3, 4, 5]);
    expect(await opened.sql('SELECT count(DISTINCT token_id)::int AS tokens FROM trade_tape')).toEqual([{ tokens: 5 }]);
  });

  test('gets one key when many writers meet it at once', async () => {
    await using opened = await openDatabase({ timescale: false });
    await using other = await open(opened.url);
    const tokens = [...Array(300).keys()].map(String);
    const writers = [opened.database, other, opened.database, other];
    const results = await Promise.all(
      writers.map((writer, at) => {
        const trades = tokens.map((tokenId) => trade(`${at}`, { tokenId }));
        return writer.apply({ ...batch(0, 1, { trades: at % 2 ? trades : trades.toReversed() }), stream: `S${at}` });
      }),
    );
    expect(results.reduce((sum, { inserted }) => sum + inserted, 0)).toBe(1_200);
    expect(await opened.sql('SELECT count(*)::int AS tokens FROM tokens')).toEqual([{ tokens: 300 }]);
  });

  test('gets a new key when the database has lost it', async () => {
    await using opened = await openDatabase({ timescale: false });
    const { database, sql } = opened;
    await database.apply(batch(0, 1, { trades: [trade('a')] }));
    // As after a restore: what the writer has in memory is of another time.
    await sql('TRUNCATE tokens, trades, stream_positions RESTART IDENTITY');
    await sql(`INSERT INTO tokens (token_id) VALUES ('1')`);

    await expect(database.apply(batch(1, 2, { trades: [trade('b')] }))).rejects.toThrow(PositionConflictError);
    await database.apply(batch(0, 2, { trades: [trade('a'), trade('b')] }));

    expect(await sql('SELECT DISTINCT token_id FROM trade_tape')).toEqual([{ token_id: TOKEN_YES }]);
  });
});

describe('a body that could not be read', () => {
  test('is kept byte for byte, whatever its bytes', async () => {
    await using opened = await openDatabase({ timescale: false });
    const bytes = Buffer.from([0, 255, 254, 10, 34, 0]);
    const records = [
      unparsed({ reason: 'a NUL \0 and half a pair \ud800' }),
      unparsed({ counter: 1, body: '{"a":"\0"}' }),
      unparsed({ counter: 2, encoding: 'base64', body: bytes.toString('base64') }),
      unparsed({ counter: 2, encoding: 'base64', body: '' }),
    ];
    await opened.database.apply({ ...batch(0, 4, { unparsed: records }), stream: 'UNPARSED' });

    expect(await opened.sql('SELECT counter, reason, body FROM unparsed ORDER BY counter')).toEqual([
      { counter: '0', reason: 'a NUL \ufffd and half a pair \ufffd', body: Buffer.from('{"event_type":') },
      { counter: '1', reason: 'no JSON', body: Buffer.from('{"a":"\0"}') },
      { counter: '2', reason: 'no JSON', body: bytes },
    ]);
    expect(
      await opened.sql(`SELECT to_char(received_at AT TIME ZONE 'UTC', 'SS.US') AS at FROM unparsed`),
    ).toContainEqual({ at: '00.000007' });
  });

  test('never fails as a dead letter', async () => {
    await using opened = await openDatabase({ timescale: false });
    const letter = deadLetter({
      subject: 'pm.\0',
      messageId: '\ud800\0',
      reason: `\0${'x'.repeat(100_000)}`,
      body: new Uint8Array([1, 0, 255, 2]).subarray(1, 3),
    });
    await opened.database.apply({
      ...batch(0, 1, { deadLetters: [letter, letter] }),
      to: position(1, { messageId: '\0' }),
    });

    expect(await opened.sql('SELECT stream, stream_created_at, sequence, subject, body FROM dead_letters')).toEqual([
      {
        stream: 'TRADES',
        stream_created_at: position(1).streamCreatedAt,
        sequence: '1',
        subject: 'pm.\ufffd',
        body: Buffer.from([0, 255]),
      },
    ]);
  });

  test('is a dead letter of its own if it took the sequence of another one that the stream had lost', async () => {
    await using opened = await openDatabase({ timescale: false });
    const letter = deadLetter({ storedAtMs: Date.UTC(2026, 10, 21), body: new Uint8Array([1]) });
    const later = { ...letter, storedAtMs: letter.storedAtMs + 1, body: new Uint8Array([2]) };
    await opened.database.apply(batch(0, 1, { deadLetters: [letter, letter, later] }));
    expect(await opened.sql('SELECT body FROM dead_letters ORDER BY stored_at')).toEqual([
      { body: Buffer.from([1]) },
      { body: Buffer.from([2]) },
    ]);
  });
});
