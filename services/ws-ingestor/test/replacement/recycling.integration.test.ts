import { describe, expect, test } from 'vitest';
import { RecorderBed } from '../recording/recorder-bed.ts';

const PLAN = { 0: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] };

describe.concurrent('a connection', () => {
  test('that 30 % of its tokens have left is replaced once, not before its minimum age, and no trade is missing', async ({
    expect,
  }) => {
    await using bed = await RecorderBed.start({ plan: PLAN, recorders: { ageMsMin: 400 } });
    await bed.covered();
    const before = bed.connectionOf(0);
    const ageOf = () => {
      const openedAtMs = bed.status(0).connections[0]?.openedAtMs ?? 0;
      return () => Date.now() - openedAtMs;
    };
    const firstAgeMs = ageOf();
    const trading = bed.trading([0, 1, 2, 3, 4, 5, 6]);
    bed.assign(0, [0, 1, 2, 3, 4, 5, 6]);
    await bed.until('begun', () => bed.counters.recycles.pollution.started === 1);
    expect(firstAgeMs()).toBeGreaterThan(395); // the clocks of test and recorder differ by rounding
    await bed.until('completed', () => bed.counters.recycles.pollution.completed === 1);
    expect(bed.connectionOf(0)).not.toBe(before);
    expect(bed.status(0)).toMatchObject({ pollution: 0, reconnects: 0, connections: [{ tokens: 14, covered: 14 }] });
    expect(bed.counters).toMatchObject({ reconnections: 0, lastReconnectAtMs: null });
    const nextAgeMs = ageOf();
    await bed.until('as old as the first one was', () => nextAgeMs() > 600);
    expect(bed.counters.recycles.pollution).toEqual({ started: 1, completed: 1, failed: 0 });

    trading[Symbol.dispose]();
    await expect.poll(() => bed.stored(), { timeout: 10_000 }).toBe(bed.venue.ledger().length);
    expect(bed.counters.recycled.tokensMoved).toBe(14);
    expect(bed.counters.recycled.overlapMs).toBeGreaterThanOrEqual(150);
  });

  test('is kept when its successor fails to cover the shard, which stays covered', async () => {
    await using bed = await RecorderBed.start({ plan: PLAN, recorders: { firstBookTimeoutMs: 600 } });
    await bed.covered();
    const before = bed.connectionOf(0);
    bed.venue.stall({ newSockets: true });
    expect(bed.command(0)).toEqual({ result: 'begun', connectionId: before });
    await bed.until('a successor', () => bed.status(0).connections.length === 2);
    expect(bed.command(0)).toEqual({ result: 'running', connectionId: before });
    await bed.until('failed', () => bed.counters.recycles.operator.failed === 1);
    expect(bed.connectionOf(0)).toBe(before);
    expect(bed.service(0)?.state).toBe('covered');
    expect(bed.counters.recycles.operator).toEqual({ started: 1, completed: 0, failed: 1 });
    expect(bed.loggedAt('warn').filter((sentence) => sentence.startsWith('Could not replace'))).toHaveLength(1);
    bed.venue.trade({ tokenId: bed.tokenOf(0) });
    await bed.until('the trade', () => bed.counters.trades === 1);
  });

  test('becomes current again when its successor takes over and is lost again and again, and no trade is missing', async ({
    expect,
  }) => {
    await using bed = await RecorderBed.start({ plan: PLAN, recorders: { overlapMs: 600 } });
    await bed.covered();
    const before = bed.connectionOf(0);
    const [first] = bed.socketNumbers();
    const trading = bed.trading([0, 1, 2]);
    bed.command(0);
    await bed.until('given up', () => {
      for (const { number, connectedAtMs } of bed.venue.status().sockets) {
        if (number !== first && Date.now() - connectedAtMs > 300) bed.venue.drop(number);
      }
      return bed.counters.recycles.operator.completed + bed.counters.recycles.operator.failed > 0;
    });
    expect(bed.counters.recycles.operator).toEqual({ started: 1, completed: 0, failed: 1 });
    expect(bed.connectionOf(0)).toBe(before);
    expect(bed.loggedAt('warn').filter((sentence) => sentence.includes('then lost its socket'))).toHaveLength(1);
    trading[Symbol.dispose]();
    await expect.poll(() => bed.stored(), { timeout: 10_000 }).toBe(bed.venue.ledger().length);
  });

  test('becomes current again when its successor reconnects and gets only some of the books', async () => {
    await using bed = await RecorderBed.start({ plan: PLAN, recorders: { overlapMs: 500, firstBookTimeoutMs: 1_500 } });
    await bed.covered();
    const before = bed.connectionOf(0);
    const [first] = bed.socketNumbers();
    bed.command(0);
    await bed.until('taken over', () => bed.connectionOf(0) !== before);
    bed.venue.limitSockets({ booksPerSocketMax: 2 });
    for (const number of bed.socketNumbers()) if (number !== first) bed.venue.drop(number);
    const { operator } = bed.counters.recycles;
    const hasSomeBooks = () => bed.status(0).connections.some(({ covered }) => covered > 0 && covered < 20);
    await bed.until('a successor with some books', hasSomeBooks);
    // No other ingestor may take the shard over with as few books: the relieved connection still has all of them.
    expect(bed.coveredTokens(0).size).toBe(20);
    await bed.until('decided', () => operator.failed + operator.completed === 1);
    expect(bed.connectionOf(0)).toBe(before);
    expect(bed.status(0).connections).toMatchObject([{ tokens: 20, covered: 20 }]);
  });

  test('follows the plan again when it becomes current again, and covers the tokens that have joined meanwhile', async () => {
    await using bed = await RecorderBed.start({ plan: PLAN, recorders: { overlapMs: 5_000 } });
    await bed.covered();
    const before = bed.connectionOf(0);
    const [first] = bed.socketNumbers();
    bed.command(0);
    await bed.until('taken over', () => bed.connectionOf(0) !== before);
    bed.assign(0, [...PLAN[0], 10]);
    await bed.until('given up', () => {
      for (const number of bed.socketNumbers()) if (number !== first) bed.venue.drop(number);
      return bed.counters.recycles.operator.failed > 0;
    });
    expect(bed.connectionOf(0)).toBe(before);
    await bed.covered();
    expect(bed.status(0).connections).toMatchObject([{ tokens: 22, covered: 22 }]);
  });

  test('is replaced at an operator’s request, and the shard stays covered throughout', async () => {
    await using bed = await RecorderBed.start({ plan: { ...PLAN, 1: [10, 11] } });
    await bed.covered();
    const [before, other] = [bed.connectionOf(0), bed.connectionOf(1)];
    expect(bed.command(7)).toBeNull();
    bed.command(0);
    bed.command(0);
    expect(bed.loggedAt('info').filter((sentence) => sentence.includes('An operator'))).toHaveLength(1);
    let wasUncovered = false;
    await bed.until('replaced', () => {
      wasUncovered ||= bed.service(0)?.state !== 'covered';
      return bed.counters.recycles.operator.completed === 1;
    });
    expect(wasUncovered).toBe(false);
    expect(bed.connectionOf(0)).not.toBe(before);
    expect(bed.connectionOf(1)).toBe(other);
    await bed.until('one socket a shard', () => bed.socketNumbers().length === 2);
  });

  test('that is already being replaced is named in the answer to an operator, even once its successor records', async () => {
    await using bed = await RecorderBed.start({ plan: PLAN, recorders: { overlapMs: 5_000 } });
    await bed.covered();
    const before = bed.connectionOf(0);
    expect(bed.command(0)).toEqual({ result: 'begun', connectionId: before });
    await bed.until('taken over', () => bed.connectionOf(0) !== before);
    expect(bed.status(0).connections.map(({ role }) => role)).toEqual(['current', 'draining']);
    expect(bed.command(0)).toEqual({ result: 'running', connectionId: before });
  });

  test('that is closed while a full queue pauses it is first read to its end', async ({ skip }) => {
    await using bed = await RecorderBed.start({ plan: { 0: [0, 1] }, queueMax: 5 });
    if (!bed.nats.canRestart) skip('the server of TEST_NATS_URL is not ours to end');
    await bed.covered();
    await bed.nats.kill();
    for (let trades = 0; trades < 10; trades += 1) bed.venue.trade({ tokenId: bed.tokenOf(0) });
    await bed.until('a full queue', () => bed.isPaused);
    for (let trades = 0; trades < 3_000; trades += 1) bed.venue.trade({ tokenId: bed.tokenOf(1) });
    await bed.stop();
    expect(bed.counters).toMatchObject({ trades: 3_010, unreadMs: 0 });
    await bed.nats.start();
    expect(await bed.stored()).toBe(3_010);
  });

  test('that is lost reconnects by itself, and is not replaced', async () => {
    await using bed = await RecorderBed.start({ plan: PLAN });
    await bed.covered();
    bed.venue.drop();
    await bed.until('lost', () => bed.service(0)?.state === 'opening');
    await bed.covered();
    expect(bed.counters.reconnections).toBe(1);
    expect(bed.status(0).reconnects).toBe(1);
    expect(Object.values(bed.counters.recycles).every(({ started }) => started === 0)).toBe(true);
  });

  test('is one of at most two that are replaced at a time', async () => {
    const plan = { 0: [0], 1: [1], 2: [2], 3: [3], 4: [4] };
    await using bed = await RecorderBed.start({ plan });
    await bed.covered();
    for (const shard of Object.keys(plan)) bed.command(Number(shard));
    let most = 0;
    await bed.until('all replaced', () => {
      const shards = Object.keys(plan).map((shard) => bed.status(Number(shard)));
      most = Math.max(most, shards.filter(({ connections }) => connections.length === 2).length);
      return bed.counters.recycles.operator.completed === 5;
    });
    expect(most).toBe(2);
  });

  test('that waits only for the pace of new connections says how long', async () => {
    await using bed = await RecorderBed.start({ plan: { 0: [0], 1: [1], 2: [2] }, recorders: { connectPaceMs: 150 } });
    await bed.covered();
    expect(bed.nextRecycleInMs).toBe(Number.POSITIVE_INFINITY);
    for (const shard of [0, 1]) bed.command(shard);
    await bed.until('one has begun', () => bed.counters.recycles.operator.started === 1);
    expect(bed.nextRecycleInMs).toBeLessThanOrEqual(150);
    await bed.until('both', () => bed.counters.recycles.operator.completed === 2);
  });
});

describe.concurrent('connections that are lost all at once', () => {
  test('reconnect at the pace of all new connections', async () => {
    const plan = Object.fromEntries(Array.from({ length: 20 }, (_, shard) => [shard, [shard]]));
    await using bed = await RecorderBed.start({ plan, recorders: { connectPaceMs: 100 } });
    await bed.covered();
    const droppedAtMs = Date.now();
    bed.venue.drop();
    await bed.until('lost', () => bed.socketNumbers().length === 0);
    await bed.until('back', () => bed.socketNumbers().length === 20);
    const afterMs = bed.venue.status().sockets.map(({ connectedAtMs }) => connectedAtMs - droppedAtMs);
    expect(afterMs).toHaveLength(20);
    // Counted from the least wait of 1 s, not from one connection to the next: a slow machine may delay the first of them.
    const early = afterMs.sort((a, b) => a - b).filter((ms, place) => ms < 1_000 + place * 100 - 5);
    expect(early).toEqual([]);
  });
});

describe.concurrent('a shard that leaves the plan', () => {
  test('is kept for the overlap if others have its tokens, and closed at once if its tokens have ended', async () => {
    await using bed = await RecorderBed.start({ plan: { 0: [0], 1: [1], 2: [2] }, recorders: { overlapMs: 400 } });
    await bed.covered();
    bed.assign(0, [0, 1]);
    for (const shard of [1, 2]) bed.plan.delete(shard);
    await bed.until('it departs', () => bed.departing().length > 0);
    const sinceMs = performance.now();
    expect(bed.departing()).toEqual([1]);
    await bed.until('it has departed', () => bed.departing().length === 0);
    expect(performance.now() - sinceMs).toBeGreaterThan(300);
  });
});

describe.concurrent('a token that leaves its shard', () => {
  test('for another shard stays subscribed for the overlap; a token that has ended leaves at once', async () => {
    await using bed = await RecorderBed.start({ plan: { 0: [0, 1, 2, 3], 1: [4] }, recorders: { overlapMs: 400 } });
    await bed.covered();
    const tokens = () => bed.status(0).connections[0]?.tokens;
    bed.assign(1, [4, 3]);
    bed.assign(0, [0, 1]);
    await bed.until('the ended one gone', () => tokens() === 6);
    await bed.covered();
    const movedAtMs = performance.now();
    bed.venue.trade({ tokenId: bed.tokenOf(3) });
    await bed.until('received on both', () => bed.counters.trades === 2);
    expect(await bed.stored()).toBe(1);
    await bed.until('the moved one gone', () => tokens() === 4);
    expect(performance.now() - movedAtMs).toBeGreaterThan(200);
  });
});
