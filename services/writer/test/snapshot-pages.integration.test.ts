import { databaseSession } from '@polytape/test-servers';
import type { PriceSnapshot } from '@polytape/types';
import { describe, expect, test } from 'vitest';
import { WriterBed } from './writer-bed.ts';

describe.concurrent('a page of snapshots', () => {
  test('with a malformed one is stored without it, which becomes a dead letter that can be published again', async () => {
    await using bed = await priceBed();
    await bed.writer();
    const bad = { ...price(2), bestBid: 0.4 };
    await bed.publish('pm.price.ab', { snapshots: [price(1), bad, price(3)] });
    await bed.publish('pm.price.ab', { snapshots: [price(4)] });
    await bed.stored('PRICES');
    expect(await bed.tokens()).toEqual(['1', '3', '4']);
    expect(await bed.deadLetters()).toEqual([
      {
        subject: 'pm.price.ab',
        body: { snapshots: [bad] },
        reason: '1 of 3 snapshots: the field bestBid cannot be 0.4',
      },
    ]);
  });

  test('with one that is nested without end is stored without it, and kept whole', async () => {
    await using bed = await priceBed();
    await bed.writer();
    const nested = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    await bed.publish('pm.price.ab', `{"snapshots":[${nested},${JSON.stringify(price(1))}]}`);
    await bed.publish('pm.price.ab', { snapshots: [price(2)] });
    await bed.stored('PRICES');
    expect(await bed.tokens()).toEqual(['1', '2']);
    expect(await bed.sql('SELECT octet_length(body) > 400000 AS whole FROM dead_letters')).toEqual([{ whole: true }]);
  });

  test('with two that the database rejects is stored without them, and the position moves when all of it is stored', async () => {
    await using bed = await priceBed();
    await bed.sql('ALTER TABLE price_snapshots ADD CHECK (best_bid <> 0.13)');
    await bed.sql(RECORD_MOVES);
    await bed.writer();
    const rejected = [price(2, '0.13'), price(4, '0.13')];
    const malformed = { ...price(6), tokenId: 'none' };
    const [second, fourth] = rejected;
    await bed.publish('pm.price.ab', { snapshots: [price(1), second, price(3), fourth, price(5), malformed] });
    await bed.publish('pm.price.ab', { snapshots: [price(7)] });
    await bed.stored('PRICES');
    expect(await bed.tokens()).toEqual(['1', '3', '5', '7']);
    expect(await bed.deadLetters()).toMatchObject([
      { body: { snapshots: [...rejected, malformed] }, reason: expect.stringMatching(/check constraint/) },
    ]);
    expect(await bed.sql('SELECT min(rows) AS rows, min(letters) AS letters FROM moves WHERE sequence = 1')).toEqual([
      { rows: 3, letters: 1 },
    ]);
  });

  test('is stored beside messages of one token each, which a log of an earlier version holds', async () => {
    await using bed = await priceBed();
    const { config } = await bed.ask<{ config: { subjects: string[] } }>('$JS.API.STREAM.INFO.PRICES', {});
    await bed.ask('$JS.API.STREAM.UPDATE.PRICES', { ...config, subjects: ['pm.price.*.*'] });
    await bed.publish('pm.price.0xab.1', price(1));
    await bed.bus.reconcile(bed.signal);
    await bed.publish('pm.price.ab', { snapshots: [price(2)] });
    await bed.publish('pm.price.0xab.3', price(3)); // by a scheduler that was not updated yet
    await bed.writer();
    await bed.stored('PRICES');
    expect(await bed.tokens()).toEqual(['1', '2', '3']);
    expect(await bed.deadLetters()).toEqual([]);
  });
});

/** What the database holds at the end of each transaction that moves a position. */
const RECORD_MOVES = `
  CREATE TABLE moves (sequence int, rows int, letters int);
  CREATE FUNCTION record_move() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO moves
    SELECT NEW.sequence, (SELECT count(*) FROM price_snapshots), (SELECT count(*) FROM dead_letters);
    RETURN NULL;
  END $$;
  CREATE CONSTRAINT TRIGGER record_move AFTER INSERT OR UPDATE ON stream_positions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.stream = 'PRICES') EXECUTE FUNCTION record_move()`;

async function priceBed() {
  await using resources = new AsyncDisposableStack();
  const bed = resources.use(await WriterBed.open());
  const session = resources.use(await databaseSession(bed.databaseUrl));
  const owned = resources.move();
  const { signal } = new AbortController();
  return {
    bus: bed.bus,
    signal,
    writer: () => bed.writer(),
    stored: (stream: 'PRICES') => bed.stored(stream),
    sql: (text: string) => session.sql(text),
    ask: <Answer>(subject: string, body: object) =>
      bed.bus.request<Answer>(subject, body, { timeoutMs: 5_000, signal }),
    /** @param content The body, or what becomes it as JSON. */
    async publish(subject: string, content: object | string) {
      await using publisher = bed.bus.publisher({ unacknowledgedMax: 10, queueMax: 10 });
      const body = typeof content === 'string' ? content : JSON.stringify(content);
      publisher.publish({ subject, messageId: body.slice(-1_000), body });
      await publisher.acknowledged();
    },
    async tokens() {
      const rows = await session.sql<{ token_id: string }>(
        'SELECT token_id FROM price_snapshots JOIN tokens USING (token_key) ORDER BY token_id',
      );
      return rows.map(({ token_id }) => token_id);
    },
    async deadLetters() {
      const rows = await session.sql<{ subject: string; body: string; reason: string }>(
        "SELECT subject, convert_from(body, 'UTF8') AS body, reason FROM dead_letters ORDER BY sequence",
      );
      return rows.map((row) => ({ ...row, body: JSON.parse(row.body) as unknown }));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function price(token: number, bestBid = '0.4'): PriceSnapshot {
  const atMs = Date.UTC(2026, 7, 14, 12);
  return {
    ...{ conditionId: '0xab', tokenId: `${token}`, intervalStartMs: atMs, seenAtMs: atMs + 500 },
    ...{ lastPrice: null, bestBid, bestAsk: null, midpoint: null, volume24h: null },
  };
}
