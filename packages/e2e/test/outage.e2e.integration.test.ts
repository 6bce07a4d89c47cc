import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ServiceUnderTest, TestBed, until } from '../src/index.ts';

const NOT_OURS = 'the NATS server of TEST_NATS_URL is not ours to end';

let bed: TestBed;
let scheduler: ServiceUnderTest;
let writer: ServiceUnderTest;

beforeAll(async () => {
  bed = await TestBed.open({
    ...{ markets: 60, tradesPerSecond: 600, quotesPerTrade: 2, burst: null },
    ...{ openPerMinute: 0, closePerMinute: 0 },
  });
  [scheduler, writer] = await Promise.all([bed.start('scheduler', { SHARD_TOKENS_TARGET: '80' }), bed.start('writer')]);
});
afterAll(() => bed?.[Symbol.asyncDispose]());

test('a database whose sessions are terminated repeatedly under load lacks and duplicates nothing', async () => {
  await using ingestor = await recordingIngestor();
  for (let round = 0; round < 5; round += 1) {
    await bed.recorded(200);
    expect(await bed.probe.endSessions('polytape')).toBeGreaterThan(0);
  }
  await bed.recorded(200);
  await expectWhole(ingestor);
  expect(writer.process.records.filter(({ msg }) => /interrupted/.test(msg)).length).toBeGreaterThan(0);
  await writer.ready();
});

test('an outage of NATS for seconds under load closes no connection to the venue and loses nothing', async ({
  skip,
}) => {
  skip(!bed.nats.canRestart, NOT_OURS);
  await using ingestor = await recordingIngestor();
  await bed.recorded(200);
  const sockets = bed.venue.status().socketsConnected;

  await using outage = await bed.brokerAway();
  const queued = await ingestor.untilMetric('polytape_ingestor_publish_queued', (count) => count > 1_000);
  expect(await ingestor.reasons()).toContain('the connection to NATS is interrupted');
  await outage.over();

  await expectWhole(ingestor);
  const said = ingestor.process.records.map(({ msg }) => msg).join('\n');
  expect(bed.venue.status().socketsConnected, said).toBe(sockets);
  expect(await ingestor.metric('polytape_ingestor_publish_acknowledged_total')).toBeGreaterThan(queued);
  await ingestor.ready();
});

test('a full publishing queue pauses reading from the connections, and nothing is dropped', async ({ skip }) => {
  skip(!bed.nats.canRestart, NOT_OURS);
  const small = { PUBLISH_QUEUE_MAX: '200', PUBLISH_UNACKNOWLEDGED_MAX: '100' };
  await using ingestor = await recordingIngestor(small);
  const sockets = bed.venue.status().socketsConnected;

  await using outage = await bed.brokerAway();
  await ingestor.process.record(/^The publishing queue is full/);
  expect(await ingestor.reasons()).toContain('the publishing queue is full');
  const before = await ingestor.metric('polytape_ingestor_trades_total');
  const executed = bed.venue.status().trades.executed;
  await until('further trades of the venue', () => bed.venue.status().trades.executed > executed + 900);
  const received = await ingestor.metric('polytape_ingestor_trades_total');
  // Frames that were already read from the network are still recorded.
  expect((received ?? 0) - (before ?? 0)).toBeLessThan(600);
  await outage.over();
  await ingestor.process.record(/^The publishing queue has room/);

  await expectWhole(ingestor);
  expect(await ingestor.metric('polytape_ingestor_trades_total')).toBeGreaterThan(received ?? 0);
  expect(await ingestor.metric('polytape_ingestor_pauses_total')).toBeGreaterThan(0);
  expect(bed.venue.status().socketsConnected).toBe(sockets);
});

/** A new ingestor that covers every token of the trading venue. */
async function recordingIngestor(env: Record<string, string> = {}): Promise<ServiceUnderTest> {
  const ingestor = await bed.start('ws-ingestor', env);
  await bed.covered(ingestor, scheduler);
  bed.venue.startTrading();
  return ingestor;
}

/** Stops trading and compares everything since the beginning of this file with the truth. */
async function expectWhole(ingestor: ServiceUnderTest): Promise<void> {
  await bed.drained(ingestor);
  const { missing, duplicates, executed, recorded } = await bed.compare();
  expect({ missing: missing.length, duplicates }).toEqual({ missing: 0, duplicates: 0 });
  expect(recorded).toBe(executed);
  expect(await bed.probe.deadLetterReasons()).toEqual([]);
  expect(await bed.probe.lossCount()).toBe(0);
}
