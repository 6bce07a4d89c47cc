import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import type { ServiceUnderTest } from '../service-under-test.ts';
import { TestBed } from '../test-bed.ts';
import { until } from '../until.ts';

/**
 * Kills the ingestor, the active writer inside a transaction, twice, and the broker, and restarts the broker, under this load.
 * Expects that every message in the log is in the database once, and that missing trades were executed while no ingestor
 * listened. Prints the counts.
 */
export async function recordThroughCrashes(load: {
  markets: number;
  tradesPerSecond: number;
  quotesPerTrade: number;
  /** Trades besides these that do not go through the venue's matching engine. */
  loadTradesPerSecond?: number;
}): Promise<void> {
  await using bed = await TestBed.open({ ...load, burst: null });
  const scheduler = await bed.start('scheduler', { SHARD_TOKENS_TARGET: '200' });
  const writers = await Promise.all([bed.start('writer'), bed.start('writer'), bed.start('writer')]);
  const ingestor = await bed.start('ws-ingestor');
  await bed.covered(ingestor, scheduler);

  bed.venue.startTrading();
  await flowing(bed);
  const acknowledgedUpToMs = await acknowledged(bed, ingestor);
  await ingestor.process.kill();
  const killedAtMs = Date.now();
  const successor = await bed.start('ws-ingestor');
  const coveredAtMs = await bed.covered(successor, scheduler);
  await flowing(bed);

  // A given broker (TEST_NATS_URL) must not be stopped.
  const brokerFaults = bed.nats.canRestart
    ? [() => bed.nats.restart(), () => bed.nats.kill().then(() => bed.nats.start())]
    : [];
  const faults = [() => killInTransaction(bed, writers), ...brokerFaults, () => killInTransaction(bed, writers)];
  for (const fault of faults) {
    // Each fault begins without a backlog, because a machine too slow for the load would fall behind further and further.
    await bed.drained(successor);
    bed.venue.startTrading();
    await flowing(bed);
    await fault();
    await flowing(bed);
  }
  await bed.drained(successor);
  expect(writers.filter(({ process }) => process.running)).toHaveLength(1);

  const log = await bed.compareWithLog();
  expect(log.missing, 'in the log and not in the database').toEqual([]);
  expect(log.surplus, 'in the database more often than in the log').toEqual([]);

  const tape = await bed.compare();
  const times = tape.missing.map(({ timestamp }) => Number(timestamp));
  const sinceKill = (atMs: number) => `${atMs - killedAtMs} ms`;
  console.info(
    `Executed ${tape.executed}, in the log ${log.inLog}, recorded ${tape.recorded}, duplicates ${tape.duplicates}. ` +
      `Missing ${times.length}: from ${sinceKill(Math.min(...times))} to ${sinceKill(Math.max(...times))} after the ` +
      `ingestor's end; its last trades known to be acknowledged are of ${sinceKill(acknowledgedUpToMs)}, ` +
      `its successor was covered at ${sinceKill(coveredAtMs)}.`,
  );
  expect(tape.duplicates).toBe(0);
  // No ingestor listened for a while: a comparison that finds nothing missing there is wrong.
  expect(times.length).toBeGreaterThan(0);
  expect(times.filter((atMs) => atMs < acknowledgedUpToMs || atMs > coveredAtMs)).toEqual([]);
  expect(await bed.probe.deadLetterReasons()).toEqual([]);
  expect(await bed.probe.lossCount()).toBe(0);
}

/**
 * kill -9 of the active writer inside a transaction: freezes the writer, asks the server whether a transaction is open, and
 * if not, lets it continue and tries again.
 */
async function killInTransaction(bed: TestBed, writers: readonly ServiceUnderTest[]): Promise<void> {
  const active = await until('an active writer', async () => {
    for (const writer of writers.filter(({ process }) => process.running)) {
      if ((await writer.metric('polytape_writer_active', { stream: 'TRADES' })) === 1) return writer;
    }
    return null;
  });
  await until('the writer frozen in a transaction', async () => {
    active.process.signal('SIGSTOP');
    if ((await bed.probe.writersInTransaction()) > 0) return true;
    active.process.signal('SIGCONT');
    await delay(Math.random() * 10); // out of step with its batches
    return false;
  });
  await active.process.kill();
}

/** Resolves when another 500 trades have reached the database through the log. */
async function flowing(bed: TestBed): Promise<void> {
  const { lastSequence } = await until('an answer of JetStream', () => bed.bus.streamState('TRADES'));
  await until('trades flowing', async () => (await bed.probe.position('TRADES')) >= lastSequence + 500);
}

/**
 * A time up to which JetStream has acknowledged every trade that the ingestor received. The ingestor publishes in the order of
 * arrival, so it has as many acknowledgements as there were trades by then.
 */
async function acknowledged(bed: TestBed, ingestor: ServiceUnderTest): Promise<number> {
  const ledger = bed.venue.ledger();
  const sent = ledger.reduce((sum, { sockets }) => sum + sockets, 0);
  const atMs = ledger.reduce((latest, { timestamp }) => Math.max(latest, Number(timestamp)), 0);
  const others = await Promise.all(
    ['lifecycle_events', 'tick_size_changes'].map((name) => ingestor.metric(`polytape_ingestor_${name}_total`)),
  );
  const messages = others.reduce<number>((sum, count) => sum + (count ?? 0), sent);
  await ingestor.untilMetric('polytape_ingestor_publish_acknowledged_total', (count) => count >= messages);
  return atMs;
}
