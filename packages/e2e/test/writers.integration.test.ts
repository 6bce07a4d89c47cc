import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { natsOptions } from '@polytape/test-servers';
import { type BookSnapshot, snapshotSubject } from '@polytape/types';
import { describe, expect, test } from 'vitest';
import { sampleTrade, TestBed, tradeMessage, until } from '../src/index.ts';

describe('two writers', () => {
  test('that both believe to lead a stream store each message in one transaction', async () => {
    await using bed = await TestBed.open({ markets: 1 });
    const frozenOut = await bed.start('writer');
    await frozenOut.untilMetric('polytape_writer_active', (value) => value === 1, { stream: 'TRADES' });
    await publish(bed, { from: 1, to: 10 });
    await bed.stored('TRADES');
    const standby = await bed.start('writer');
    await standby.ready();

    const held = await bed.probe.holdPosition('TRADES');
    try {
      await publish(bed, { from: 11, to: 20 });
      await until('the first writer inside its transaction', async () => (await bed.probe.writersWaiting()) === 1);
      // As after a cut connection, it has lost the lock of the stream and does not know it yet.
      await bed.probe.endSessions('polytape-writer lock TRADES');
      await until('the other inside one of its own', async () => (await bed.probe.writersWaiting()) === 2);
    } finally {
      await held[Symbol.asyncDispose]();
    }
    await bed.stored('TRADES');
    await publish(bed, { from: 21, to: 30 });
    await bed.stored('TRADES');

    expect(await bed.probe.tradeCount()).toBe(30);
    const read = await Promise.all(
      [frozenOut, standby].map((writer) => writer.metric('polytape_writer_trades_read_total')),
    );
    expect((read[0] ?? 0) + (read[1] ?? 0)).toBe(30);
    expect(await bed.probe.deadLetterReasons()).toEqual([]);
    expect(await bed.probe.lossCount()).toBe(0);
  });

  test('share the work: one leads, and the other stands by, is ready, and stops on SIGTERM', async () => {
    await using bed = await TestBed.open({ markets: 1 });
    const writers = [await bed.start('writer'), await bed.start('writer')];
    await Promise.all(writers.map((writer) => writer.ready()));
    await publish(bed, { from: 1, to: 10 });
    await bed.stored('TRADES');
    const active = await Promise.all(
      writers.map((writer) => writer.metric('polytape_writer_active', { stream: 'TRADES' })),
    );
    expect(active.toSorted()).toEqual([0, 1]);

    const standby = writers[active.indexOf(0)];
    standby?.process.signal('SIGTERM');
    expect(await standby?.process.exit()).toEqual({ code: 0, signal: null });
  });
});

describe('a log that has the same trade twice', () => {
  test('after the broker forgot the first copy becomes one row', async () => {
    await using bed = await TestBed.open({ markets: 1 });
    await bed.start('writer');
    await publish(bed, { from: 1, to: 10 });
    // Past its duplicate window, the broker accepts the same message again, as it does one with another id.
    await publish(bed, { from: 6, to: 15, messageId: (id) => `${id} again` });
    await bed.stored('TRADES');
    expect((await bed.bus.streamState('TRADES')).lastSequence).toBe(20);
    expect(await bed.probe.tradeCount()).toBe(15);
    expect(await bed.probe.deadLetterReasons()).toEqual([]);
  });
});

describe('messages that expire while a writer reads', () => {
  test('become a row in losses that names them, and the rest is stored', async () => {
    await using bed = await TestBed.open({ markets: 1 });
    const writer = await bed.start('writer', { BATCH_ROWS_MAX: '5' });
    await writer.untilMetric('polytape_writer_active', (value) => value === 1, { stream: 'TRADES' });
    await publish(bed, { from: 1, to: 1 });
    await bed.stored('TRADES');

    const held = await bed.probe.holdPosition('TRADES');
    try {
      await publish(bed, { from: 2, to: 40 });
      await until('the writer inside its transaction', async () => (await bed.probe.writersWaiting()) === 1);
      await purge(bed, { before: 31 });
    } finally {
      await held[Symbol.asyncDispose]();
    }
    await bed.stored('TRADES');

    const [detail, ...others] = await bed.probe.lossDetails();
    const [, first, last] = /^the messages (\d+) to (\d+) were gone before they were read$/.exec(detail ?? '') ?? [];
    expect({ last, others }).toEqual({ last: '30', others: [] });
    expect(await bed.probe.tradeCount()).toBe(Number(first) - 1 + 10);
    expect(writer.process.records).toContainEqual(expect.objectContaining({ level: 'error', kind: 'expired_unread' }));
  });
});

describe('a writer that keeps books for three days', () => {
  test('drops older ones at its start and continues to write', async () => {
    await using bed = await TestBed.open({ markets: 1 });
    await using keeper = await bed.start('writer');
    const dayMs = 24 * 60 * 60 * 1_000;
    const today = Math.floor(Date.now() / dayMs) * dayMs;
    await publishBooks(bed, [today - 4 * dayMs, today - 3 * dayMs, today]);
    await bed.stored('BOOKS');
    keeper.process.signal('SIGTERM');
    await keeper.process.exit();

    const writer = await bed.start('writer', { RETENTION_BOOKS_DAYS: '3' });
    await writer.process.record(({ table, dropped }) => table === 'book_snapshots' && dropped === 1);
    await publishBooks(bed, [today + 1]);
    await bed.stored('BOOKS');

    const { book_snapshots: books } = await bed.probe.projectedRows();
    const slots = books.map((line) => Date.parse((JSON.parse(line) as { ts: string }).ts));
    expect(slots.toSorted((a, b) => a - b)).toEqual([today - 3 * dayMs, today, today + 1]);
  });
});

describe('a writer with the default settings', () => {
  test('drops unparsed messages after 30 days and dead letters after a year', async () => {
    await using bed = await TestBed.open({ markets: 1 });
    await using first = await bed.start('writer');
    await first.ready();
    first.process.signal('SIGTERM');
    await first.process.exit();
    await bed.probe.rows(
      `INSERT INTO unparsed
       SELECT 'connection', day, now() - day * interval '1 day', 'reason', 'utf8', '', 0, '' FROM unnest('{2, 29, 32}'::int[]) AS day`,
    );
    await bed.probe.rows(
      `INSERT INTO dead_letters
       SELECT 'TRADES', 'stream', day, now(), 'subject', NULL, 'reason', '', now() - day * interval '1 day'
       FROM unnest('{32, 364, 367}'::int[]) AS day`,
    );

    const writer = await bed.start('writer');
    for (const name of ['unparsed', 'dead_letters']) {
      await writer.process.record(({ table, dropped }) => table === name && dropped === 1);
    }
    expect(await bed.probe.rows('SELECT counter::int FROM unparsed ORDER BY 1')).toEqual([
      { counter: 2 },
      { counter: 29 },
    ]);
    expect(await bed.probe.rows('SELECT sequence::int FROM dead_letters ORDER BY 1')).toEqual([
      { sequence: 32 },
      { sequence: 364 },
    ]);
  });
});

async function publishBooks(bed: TestBed, slots: readonly number[]): Promise<void> {
  await using publisher = bed.bus.publisher({ unacknowledgedMax: 100, queueMax: 1_000 });
  for (const intervalStartMs of slots) {
    const book: BookSnapshot = { ...BOOK, intervalStartMs, seenAtMs: intervalStartMs };
    const body = JSON.stringify({ snapshots: [book] });
    publisher.publish({
      subject: snapshotSubject('book', book.conditionId),
      messageId: `book ${intervalStartMs}`,
      body,
    });
  }
  await publisher.acknowledged();
}

/** Removes the messages of TRADES before this one, as if they had expired. */
async function purge(bed: TestBed, { before }: { before: number }): Promise<void> {
  const nats = await connect(natsOptions(bed.nats.url));
  await (await jetstreamManager(nats)).streams.purge('TRADES', { seq: before });
  await nats.close();
}

/** Publishes the sample trades of these numbers. Resolves when JetStream has acknowledged them. */
async function publish(
  bed: TestBed,
  o: { from: number; to: number; messageId?: (id: string) => string },
): Promise<void> {
  await using publisher = bed.bus.publisher({ unacknowledgedMax: 100, queueMax: 1_000 });
  for (let number = o.from; number <= o.to; number += 1) {
    const message = tradeMessage(sampleTrade(number));
    publisher.publish({ ...message, messageId: (o.messageId ?? ((id) => id))(message.messageId) });
  }
  await publisher.acknowledged();
}

const BOOK: Omit<BookSnapshot, 'intervalStartMs' | 'seenAtMs'> = {
  conditionId: '0xab',
  tokenId: '12',
  exchangeAtMs: null,
  bids: [['0.4', '10']],
  asks: [],
  bestBid: '0.4',
  bestAsk: null,
  spread: null,
  midpoint: null,
  tickSize: '0.01',
  hash: null,
  hashMatches: null,
};
