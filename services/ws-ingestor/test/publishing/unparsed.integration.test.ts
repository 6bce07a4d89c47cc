import type { Unparsed } from '@polytape/types';
import { describe, expect, test } from 'vitest';
import { RecorderBed } from '../recording/recorder-bed.ts';

describe('what the venue sends and nobody can parse', () => {
  test('is kept as a few samples a second of each kind, counted beyond that, and reported once', async () => {
    await using bed = await RecorderBed.start({ plan: { 0: [0] } });
    await bed.covered();
    for (let frame = 0; frame < 200; frame += 1) {
      bed.venue.send(`{"x":${frame}, garbage`);
      bed.venue.send(`{"event_type":"kind_${frame}"}`);
    }
    await bed.until('all seen', () => bed.counters.unparsed === 400);
    expect(bed.toldAt('warn').filter((sentence) => sentence.startsWith('Could not parse'))).toHaveLength(2);
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

  test('in thousands of frames pauses no connection and keeps no trade waiting, though the queue of the trades is short', async () => {
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

  test('waits for a broker that is away; of more than may wait the oldest is shed, and counted', async ({ skip }) => {
    await using bed = await RecorderBed.start({ plan: { 0: [0] }, unparsedQueueMax: 3 });
    if (!bed.nats.canRestart) skip('the server of TEST_NATS_URL is not ours to end');
    await bed.covered();
    await bed.nats.kill();
    await bed.until('the broker is away', () => !bed.bus.connected);
    for (let frame = 0; frame < 9; frame += 1) bed.venue.send(`garbage ${frame}`);
    await bed.until('all seen', () => bed.counters.unparsed === 9);
    // One waits in the publisher, three before it.
    expect(bed.counters.unparsedOmitted).toBe(5);
    await bed.nats.start();
    const records = await bed.unparsed();
    const kept = records.filter(({ omitted }) => omitted === undefined).map(({ body }) => body);
    expect(kept.length).toBeLessThanOrEqual(4); // a count takes a place, too
    expect([kept[0], kept.at(-1)]).toEqual(['garbage 0', 'garbage 8']);
    expect(bodiesIn(records)).toBe(9);
  });
});

/** Far more than a test takes; each second may keep as many again. */
const SECONDS_MAX = 20;

const countsIn = (records: readonly Unparsed[]) => records.filter(({ omitted }) => omitted !== undefined);
const sum = (counts: readonly Unparsed[]) => counts.reduce((total, { omitted = 0 }) => total + omitted, 0);

/** Those that are kept, and those that are counted. */
function bodiesIn(records: readonly Unparsed[]): number {
  return records.length - countsIn(records).length + sum(records);
}
