import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ServiceName, ServiceUnderTest, TestBed, until } from '../src/index.ts';

const NOT_OURS = 'the NATS server of TEST_NATS_URL is not ours to end';

let bed: TestBed;
let scheduler: ServiceUnderTest;

beforeAll(async () => {
  bed = await TestBed.open({
    ...{ markets: 60, tradesPerSecond: 500, quotesPerTrade: 2, burst: null },
    ...{ openPerMinute: 0, closePerMinute: 0 },
  });
  scheduler = await bed.start('scheduler', { SHARD_TOKENS_TARGET: '80' });
  await scheduler.ready();
  bed.venue.startTrading();
});
afterAll(() => bed?.[Symbol.asyncDispose]());

describe('an ingestor that stops', () => {
  test('under load publishes everything that it received', async () => {
    const before = await messages();
    await using ingestor = await recordingIngestor();
    ingestor.process.signal('SIGTERM');

    expect(await ingestor.process.exit()).toEqual({ code: 0, signal: null });
    const last = await ingestor.process.record(/^Stopped. JetStream has acknowledged everything/);
    expect(last.trades).toBeGreaterThan(500);
    expect((await messages()) - before).toBe(last.trades);
  });

  test('publishes the queue of an outage of NATS, too', async ({ skip }) => {
    skip(!bed.nats.canRestart, NOT_OURS);
    const before = await messages();
    await using ingestor = await recordingIngestor();
    await using outage = await bed.brokerAway();
    await ingestor.untilMetric('polytape_ingestor_publish_queued', (queued) => queued > 500);
    ingestor.process.signal('SIGTERM');
    await ingestor.process.record(/^Stopping/);
    await outage.over();

    expect(await ingestor.process.exit()).toEqual({ code: 0, signal: null });
    const last = await ingestor.process.record(/^Stopped. JetStream has acknowledged everything/);
    expect((await until('an answer of JetStream', messages)) - before).toBe(last.trades);
  });

  test('exits at once with code 1 at the second signal, and logs its unfinished work', async ({ skip }) => {
    skip(!bed.nats.canRestart, NOT_OURS);
    await using ingestor = await recordingIngestor();
    await using _outage = await bed.brokerAway();
    await ingestor.untilMetric('polytape_ingestor_publish_queued', (queued) => queued > 0);
    ingestor.process.signal('SIGTERM');
    await ingestor.process.record(/^Stopping/);
    ingestor.process.signal('SIGTERM');

    expect(await ingestor.process.exit()).toEqual({ code: 1, signal: null });
    const last = ingestor.process.records.at(-1);
    expect(last?.level).toBe('error');
    expect(last?.msg).toMatch(/^Second signal \(SIGTERM\)\..*unfinished: \d+ messages not acknowledged/);
  });

  test('exits with code 1 at the deadline, and logs its unfinished work', async ({ skip }) => {
    skip(!bed.nats.canRestart, NOT_OURS);
    await using ingestor = await recordingIngestor({ STOP_DEADLINE_MS: '300', HAND_OVER_MS_MAX: '300' });
    await using _outage = await bed.brokerAway();
    await ingestor.untilMetric('polytape_ingestor_publish_queued', (queued) => queued > 0);
    ingestor.process.signal('SIGINT');

    expect(await ingestor.process.exit()).toEqual({ code: 1, signal: null });
    expect(ingestor.process.records.at(-1)?.msg).toMatch(
      /^Did not stop within 300 ms of SIGINT\..*unfinished: \d+ messages not acknowledged/,
    );
  });
});

describe('an ingestor with an uncaught error', () => {
  test.for(['throw new Error("stray")', 'void Promise.reject(new Error("stray"))'])(
    'publishes its queue before it exits with code 1: %s',
    async (stray, { skip }) => {
      skip(!bed.nats.canRestart, NOT_OURS);
      const before = await until('an answer of JetStream', messages);
      const preload = `process.once('SIGUSR2', () => setImmediate(() => { ${stray}; }));`;
      const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(preload)}`;
      await using ingestor = await recordingIngestor({ NODE_OPTIONS });
      await using outage = await bed.brokerAway();
      await ingestor.untilMetric('polytape_ingestor_publish_queued', (queued) => queued > 500);
      ingestor.process.signal('SIGUSR2');
      expect(await ingestor.process.record(/^stray\.$/)).toMatchObject({ level: 'error' });
      await outage.over();

      expect(await ingestor.process.exit()).toEqual({ code: 1, signal: null });
      const last = await ingestor.process.record(/^Stopped. JetStream has acknowledged everything/);
      expect((await until('an answer of JetStream', messages)) - before).toBe(last.trades);
    },
  );
});

describe('a writer that stops', () => {
  test('under load commits its work in hand, and its successor continues without gap or repetition', async () => {
    await using ingestor = await recordingIngestor();
    await using writer = await bed.start('writer', { BATCH_ROWS_MAX: '200' });
    await until('trades in the database', async () => (await bed.probe.position('TRADES')) > 1_000);
    writer.process.signal('SIGTERM');
    expect(await writer.process.exit()).toEqual({ code: 0, signal: null });
    await writer.process.record(/^Stopped. All running transactions are committed/);
    expect(await bed.probe.tradeCount()).toBe(await bed.probe.position('TRADES'));

    await using _next = await bed.start('writer');
    await bed.drained(ingestor);
    expect(await bed.compareWithLog()).toMatchObject({ missing: [], surplus: [] });
    expect(await bed.probe.deadLetterReasons()).toEqual([]);
    bed.venue.startTrading();
  });

  test('exits at once with code 1 at the second signal, and leaves its logged unfinished work to its successor', async () => {
    await using ingestor = await recordingIngestor();
    await using writer = await bed.start('writer');
    await writer.untilMetric('polytape_writer_active', (value) => value === 1, { stream: 'TRADES' });
    const held = await bed.probe.holdPosition('TRADES');
    try {
      await until('the writer inside its transaction', async () => (await bed.probe.writersWaiting()) > 0);
      writer.process.signal('SIGTERM');
      await writer.process.record(/^Stopping/);
      writer.process.signal('SIGINT');
      expect(await writer.process.exit()).toEqual({ code: 1, signal: null });
    } finally {
      await held[Symbol.asyncDispose]();
    }
    expect(writer.process.records.at(-1)?.msg).toMatch(
      /^Second signal \(SIGINT\)\..*unfinished: \d+ messages read and not committed/,
    );

    await using _next = await bed.start('writer');
    await bed.drained(ingestor);
    expect(await bed.compareWithLog()).toMatchObject({ missing: [], surplus: [] });
  });
});

describe('SIGTERM', () => {
  test.each<ServiceName>(['ws-ingestor', 'scheduler', 'writer'])(
    'stops a %s that waits for its servers',
    async (service) => {
      const nowhere = { NATS_URL: 'nats://127.0.0.1:1', DATABASE_URL: 'postgresql://127.0.0.1:1/polytape' };
      await using waiting = await ServiceUnderTest.start(service, { ...bed.env, ...nowhere });
      await waiting.process.record(/cannot be reached/);
      waiting.process.signal('SIGTERM');
      expect(await waiting.process.exit()).toEqual({ code: 0, signal: null });
    },
  );

  test('stops a scheduler at work', async () => {
    scheduler.process.signal('SIGTERM');
    expect(await scheduler.process.exit()).toEqual({ code: 0, signal: null });
  });
});

/** A new ingestor that covers every token and has received some hundred trades. */
async function recordingIngestor(env: Record<string, string> = {}): Promise<ServiceUnderTest> {
  const ingestor = await bed.start('ws-ingestor', env);
  await bed.covered(ingestor, scheduler);
  await ingestor.untilMetric('polytape_ingestor_trades_total', (trades) => trades > 500);
  return ingestor;
}

/** Number of messages in TRADES; none has expired or been deleted. */
async function messages(): Promise<number> {
  return (await bed.bus.streamState('TRADES')).lastSequence;
}
