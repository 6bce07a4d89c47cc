import type { Unparsed } from '@polytape/types';
import { describe, expect, test } from 'vitest';
import { RecorderBed } from '../recording/recorder-bed.ts';

describe('what cannot be parsed', () => {
  test('is kept as a few samples of each kind per second, counted beyond that, and logged once', async () => {
    await using bed = await RecorderBed.start({ plan: { 0: [0] } });
    await bed.covered();
    for (let frame = 0; frame < 200; frame += 1) {
      bed.venue.send(`{"x":${frame}, garbage`);
      bed.venue.send(`{"event_type":"kind_${frame}"}`);
    }
    await bed.until('all seen', () => bed.counters.unparsed === 400);
    expect(bed.loggedAt('warn').filter((sentence) => sentence.startsWith('Could not parse'))).toHaveLength(2);
    const records = await bed.unparsed();
    const [kept, counts] = [records.filter(({ omitted }) => omitted === undefined), countsIn(records)];
    expect(kept.length).toBeGreaterThanOrEqual(2 * 10);
    expect(kept.length).toBeLessThanOrEqual(2 * 10 * SECONDS_MAX);
    expect(sum(counts)).toBe(400 - kept.length);
    expect(bed.counters.unparsedOmitted).toBe(400 - kept.length);
    expect(kept[0]).toMatchObject({ counter: 0, body: '{"x":0, garbage' });
    expect(new Set(counts.map(({ reason }) => reason.replace(/^\d+ more in this second, not kept: /, '')))).toEqual(
      new Set(['not JSON (N characters)', 'unknown event type "…"']),
    );
  });

  test('pauses no connection and delays no trade, even in thousands of frames and with a short queue for trades', async () => {
    await using bed = await RecorderBed.start({ plan: { 0: [0] }, queueMax: 50 });
    await bed.covered();
    for (let trades = 0; trades < 100; trades += 1) {
      for (let frame = 0; frame < 100; frame += 1) bed.venue.send('{"event_type":"price_changed","size":"5"}');
      bed.venue.trade({ tokenId: bed.tokenOf(0) });
    }
    await bed.until('all seen', () => bed.counters.unparsed === 10_000 && bed.counters.trades === 100);
    expect(bed.counters.pauses).toBe(0);
    expect(await bed.stored()).toBe(100);
    const records = await bed.unparsed();
    expect(records.length).toBeLessThanOrEqual(11 * SECONDS_MAX);
    expect(bodiesIn(records)).toBe(10_000);
  });

  test('waits while the broker is away; beyond the limit the oldest is dropped, and counted', async ({ skip }) => {
    await using bed = await RecorderBed.start({ plan: { 0: [0] }, unparsedQueueMax: 3 });
    if (!bed.nats.canRestart) skip('the server of TEST_NATS_URL is not ours to end');
    await bed.covered();
    await bed.nats.kill();
    await bed.until('the broker is away', () => !bed.bus.connected);
    for (let frame = 0; frame < 9; frame += 1) bed.venue.send(`garbage ${frame}`);
    await bed.until('all seen', () => bed.counters.unparsed === 9);
    // One waits in the publisher, and three in the queue before it.
    expect(bed.counters.unparsedOmitted).toBe(5);
    await bed.nats.start();
    const records = await bed.unparsed();
    const kept = records.filter(({ omitted }) => omitted === undefined).map(({ body }) => body);
    expect(kept.length).toBeLessThanOrEqual(4); // the count also takes a place
    expect([kept[0], kept.at(-1)]).toEqual(['garbage 0', 'garbage 8']);
    expect(bodiesIn(records)).toBe(9);
  });
});

/** Far longer than a test takes. Each second may keep as many records again. */
const SECONDS_MAX = 20;

const countsIn = (records: readonly Unparsed[]) => records.filter(({ omitted }) => omitted !== undefined);
const sum = (counts: readonly Unparsed[]) => counts.reduce((total, { omitted = 0 }) => total + omitted, 0);

/** The number of bodies: kept ones, and counted ones. */
function bodiesIn(records: readonly Unparsed[]): number {
  return records.length - countsIn(records).length + sum(records);
}
