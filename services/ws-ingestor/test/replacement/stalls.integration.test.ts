import { describe, expect, test } from 'vitest';
import { RecorderBed } from '../recording/recorder-bed.ts';

const WATCHED = { stallMsMin: 300, stallMsMax: 1_200 };

describe('a connection that is open and silent', () => {
  test('is replaced when the venue goes on without it, which is reported once as a stall', async () => {
    await using bed = await RecorderBed.start({ plan: { 0: [0, 1, 2] }, recorders: WATCHED });
    await bed.covered();
    using _trading = bed.trading([0, 1, 2]);
    await bed.until('lively', () => bed.counters.trades > 150);
    const before = bed.connectionOf(0);
    bed.venue.stall({ socket: 'all' });
    const [stalledAtMs, stalledAt] = [performance.now(), Date.now()];
    await bed.until('replaced', () => bed.counters.recycles.stalled.completed > 0);
    const tookMs = performance.now() - stalledAtMs;
    expect(tookMs).toBeGreaterThan(250);
    expect(bed.connectionOf(0)).not.toBe(before);
    expect(bed.counters.stalls).toBe(1);
    expect(bed.counters.stalledMs).toBeGreaterThan(250);
    const lines = bed.logged.filter(({ sentence }) => sentence.startsWith('Replaced a dead connection'));
    expect(lines).toMatchObject([{ level: 'error' }]);
    const { silentFrom, silentTo } = lines[0]?.fields ?? {};
    const silence = [silentFrom, silentTo].map((at) => Date.parse(String(at)) - stalledAt);
    expect(silence[0]).toBeGreaterThan(-100);
    expect(silence[0]).toBeLessThan(100);
    expect(silence[1]).toBeGreaterThan(250);
    expect(lines[0]?.sentence).toContain(`Trades may be missing from ${silentFrom} to ${silentTo}.`);
    const seen = bed.counters.trades;
    await bed.until('trades again', () => bed.counters.trades > seen + 10);
  });

  test('does not wait for other replacements whose successors already record', async () => {
    const recorders = { ...WATCHED, recyclesMax: 1, overlapMs: 15_000 };
    await using bed = await RecorderBed.start({ plan: { 0: [0, 1], 1: [2, 3] }, recorders });
    await bed.covered();
    using _trading = bed.trading([0, 1, 2, 3]);
    await bed.until('lively', () => bed.counters.trades > 300);
    const before = [bed.connectionOf(0), bed.connectionOf(1)];
    bed.command(0);
    await bed.until('the first overlaps', () => bed.connectionOf(0) !== before[0]);
    const [first = 0, second = 0] = bed.socketNumbers();
    for (const socket of [first, second]) bed.venue.stall({ socket });
    await bed.until('the second is relieved', () => bed.connectionOf(1) !== before[1]);
    expect(bed.counters.recycles.operator).toMatchObject({ started: 1, completed: 0 });
  });

  test('is tried again at once when another stalled connection has been replaced', async () => {
    const recorders = { ...WATCHED, stallMsMax: 20_000, firstBookTimeoutMs: 2_000, recyclesMax: 1, overlapMs: 15_000 };
    await using bed = await RecorderBed.start({ plan: { 0: [0, 1], 1: [2, 3] }, recorders });
    await bed.covered();
    const trading = bed.trading([0, 1, 2, 3]);
    await bed.until('lively', () => bed.counters.trades > 300);
    bed.venue.stall({ socket: 'all', newSockets: true });
    await bed.until('both have failed', () => bed.counters.recycles.stalled.failed === 2);
    bed.venue.unstall('all');
    bed.venue.stall({ socket: 'all' });
    let firstAtMs = 0;
    await bed.until('both are replaced', () => {
      const taken = [0, 1].filter((shard) => bed.status(shard).connections.some(({ role }) => role === 'draining'));
      if (taken.length > 0) firstAtMs ||= performance.now();
      return taken.length === 2;
    });
    expect(performance.now() - firstAtMs).toBeLessThan(1_000);
    trading[Symbol.dispose]();
  });

  test('of a merely quiet shard does not count as stalled, and may be silent twice as long each time', async () => {
    await using bed = await RecorderBed.start({ plan: { 0: [0, 1, 2] }, recorders: { ...WATCHED, stallMsMax: 300 } });
    await bed.covered();
    const spells: number[] = [];
    await bed.until('three spells', () => {
      if (bed.counters.recycles.stalled.started > spells.length) spells.push(performance.now());
      return spells.length === 3;
    });
    const [first = 0, second = 0, third = 0] = spells;
    // The limit was 300 ms before the first one. A slow machine only adds to these.
    expect(second - first).toBeGreaterThan(2 * 300 - 20);
    expect(third - second).toBeGreaterThan(4 * 300 - 20);
    expect(bed.counters.stalls).toBe(0);
    expect(bed.counters.quietSpells).toBe(2);
    expect(bed.loggedAt('warn')).toEqual([]);
  });

  test('counts as silent even while empty arrays arrive, which are not data', async () => {
    await using bed = await RecorderBed.start({ plan: { 0: [0] }, recorders: { ...WATCHED, stallMsMax: 300 } });
    await bed.covered();
    await bed.until('suspected', () => {
      bed.venue.send('[]');
      return bed.counters.recycles.stalled.started === 1;
    });
  });

  test('of a quiet shard with earlier quotes and trades does not count as stalled either', async () => {
    await using bed = await RecorderBed.start({
      plan: { 0: [0, 1, 2] },
      venue: { markets: 3, trading: true, tradesPerSecond: 20 },
      recorders: { ...WATCHED, stallMsMin: 600, stallMsMax: 600 },
    });
    await bed.covered();
    await bed.until('trades', () => bed.counters.trades > 20);
    await bed.venue.stopTrading();
    await bed.until('a spell', () => bed.counters.quietSpells + bed.counters.stalls > 0);
    expect(bed.counters).toMatchObject({ stalls: 0, quietSpells: 1 });
  });

  test('is tried again with longer waits while its successors are dead, too, and no longer counts as covering', async () => {
    await using bed = await RecorderBed.start({
      plan: { 0: [0, 1, 2] },
      recorders: { ...WATCHED, stallMsMax: 300, firstBookTimeoutMs: 300 },
    });
    await bed.covered();
    bed.venue.stall({ socket: 'all', newSockets: true });
    await bed.until('failed', () => bed.counters.recycles.stalled.failed === 1);
    expect(bed.service(0)?.state).toBe('opening');
    await bed.until('failed again', () => bed.counters.recycles.stalled.failed === 2);
    expect(bed.venue.status().socketsConnected).toBeLessThanOrEqual(4);
    expect(bed.counters.stalls).toBe(0);
    bed.venue.unstall('all');
    await bed.covered();
    await bed.until('one socket', () => bed.socketNumbers().length === 1);
  });

  test('is not judged while a full publishing queue pauses it', async ({ skip }) => {
    const recorders = { ...WATCHED, stallMsMax: 300 };
    await using bed = await RecorderBed.start({ plan: { 0: [0, 1] }, recorders, queueMax: 5 });
    if (!bed.nats.canRestart) skip('the server of TEST_NATS_URL is not ours to end');
    await bed.covered();
    await bed.nats.kill();
    for (let trades = 0; trades < 10; trades += 1) bed.venue.trade({ tokenId: bed.tokenOf(0) });
    await bed.until('a full queue', () => bed.isPaused);
    const { started } = bed.counters.recycles.stalled;
    const pausedAtMs = performance.now();
    await bed.until('longer than any silence allowed', () => performance.now() - pausedAtMs > 900);
    expect(bed.counters.recycles.stalled.started).toBe(started);
    await bed.nats.start();
    await bed.until('room', () => !bed.isPaused);
    await bed.until('judged again', () => bed.counters.recycles.stalled.started === started + 1);
  });
});
