import { type ClobBook, VenueUnavailableError } from '@polytape/polymarket';
import { createLogger } from '@polytape/service';
import { putKey } from '@polytape/test-servers';
import type { ShardService } from '@polytape/types';
import { describe, expect, test } from 'vitest';
import { MissingTokensFollower } from '../../src/plan/missing-tokens-follower.ts';
import { newCounters } from '../../src/scheduler-counters.ts';
import { market } from './plan-history.ts';
import { planningRig } from './planning-rig.ts';

const log = createLogger({ service: 'test', level: 'error' });
const limits = { tokensTarget: 8, tokensMax: 10, openAtTokens: 100, openAfterMs: 3_600_000, movesMax: 10 };

describe.concurrent('the follower of missing tokens', () => {
  test('moves a market that has a book at the venue, and lowers the target of the shard', async () => {
    await using f = await following({ withBook: ['6', '7'] });
    await f.report({ 0: { state: 'covered', version: 1, missing: ['6', '7'] } });
    const shards = await f.rig.planned((seen) => seen.get(0)?.version === 2);
    expect(shards.get(0)).toMatchObject({ tokensTarget: 6 });
    expect(conditionsIn(shards.get(0))).toEqual([0, 1, 2].map((n) => market(n).conditionId));
    expect(conditionsIn(shards.get(1))).toContain(market(3).conditionId);
    await f.until(() => f.counters.marketsMoved === 1);
  });

  test('leaves tokens without a book at the venue where they are, and does not ask again', async () => {
    await using f = await following({ withBook: ['6'] });
    await f.report({ 0: { state: 'covered', version: 1, missing: ['0'] } });
    await f.until(() => f.follower.bookless === 1);
    await f.report({ 0: { state: 'covered', version: 1, missing: ['0', '6'] } });
    const shards = await f.rig.planned((seen) => seen.get(0)?.tokensTarget === 6);
    expect(conditionsIn(shards.get(0))).toEqual([0, 1, 2].map((n) => market(n).conditionId));
    expect(f.asked).toEqual([['0'], ['6']]);
  });

  test('moves nothing while the venue cannot be asked, and continues when it can', async () => {
    await using f = await following({ withBook: ['6'] });
    f.setAway(true);
    await f.report({ 0: { state: 'covered', version: 1, missing: ['6'] } });
    await f.until(() => f.asked.length === 1);
    expect(f.rig.plan.shards.get(0)?.version).toBe(1);
    f.setAway(false);
    await f.report({ 0: { state: 'covered', version: 1, missing: ['6'] } });
    await f.rig.planned((seen) => seen.get(0)?.tokensTarget === 6);
  });

  test('moves half of a shard whose first books exceed the frame limit, and fills it no further', async () => {
    await using f = await following({ withBook: [] });
    await f.report({ 0: { state: 'opening', version: 1, dumpTooLarge: true } });
    const shards = await f.rig.planned((seen) => seen.get(0)?.version === 2);
    expect(shards.get(0)).toMatchObject({ tokensTarget: 4 });
    expect(conditionsIn(shards.get(0))).toEqual([0, 1].map((n) => market(n).conditionId));
    expect(conditionsIn(shards.get(1))).toEqual([4, 2, 3].map((n) => market(n).conditionId));
    expect(f.asked).toEqual([]);
    await f.until(() => f.counters.marketsMoved === 2);
    // A report about an old version changes nothing.
    await f.report({ 0: { state: 'opening', version: 1, dumpTooLarge: true }, 1: { state: 'covered', version: 1 } });
    await f.report({ 1: { state: 'opening', version: shards.get(1)?.version ?? 0, dumpTooLarge: true } });
    const later = await f.rig.planned((seen) => conditionsIn(seen.get(1)).length === 2);
    expect(later.get(0)?.version).toBe(2);
  });

  test('leaves a shard with a single market as it is, however large its books are', async () => {
    await using f = await following({ withBook: ['0'] });
    await f.report({ 1: { state: 'opening', version: 1, dumpTooLarge: true } });
    await f.report({ 0: { state: 'covered', version: 1, missing: ['0'] } });
    const shards = await f.rig.planned((seen) => seen.get(0)?.version === 2);
    expect(conditionsIn(shards.get(1))).toContain(market(4).conditionId);
  });

  test('uses a partial answer of the venue', async () => {
    await using f = await following({ withBook: ['6', '7'], failing: ['0'] });
    await f.report({ 0: { state: 'covered', version: 1, missing: ['0', '6', '7'] } });
    const shards = await f.rig.planned((seen) => seen.get(0)?.version === 2);
    expect(conditionsIn(shards.get(0))).toEqual([0, 1, 2].map((n) => market(n).conditionId));
    expect(f.follower.bookless).toBe(0);
  });
});

/** Five markets in two shards, an ingestor that reports, and a CLOB with some books. */
async function following(o: { withBook: readonly string[]; failing?: readonly string[] }) {
  await using resources = new AsyncDisposableStack();
  const rig = resources.use(await planningRig({ limits, markets: 5 }));
  const asked: (readonly string[])[] = [];
  const counters = newCounters();
  let isAway = false;
  const follower = new MissingTokensFollower({
    ...{ bus: rig.bus, plan: rig.plan, keeper: rig.keeper, counters, log },
    clob: {
      async *books(tokenIds) {
        asked.push(tokenIds);
        const error = new VenueUnavailableError({ host: 'clob', path: '/books' }, 'connection refused');
        if (isAway) throw error;
        if (o.failing !== undefined) yield { failed: { ids: [...o.failing], error } };
        const found = tokenIds.filter((tokenId) => o.withBook.includes(tokenId));
        const answered = [...o.withBook, ...(o.failing ?? [])];
        const unknown = tokenIds.filter((tokenId) => !answered.includes(tokenId));
        yield { books: found.map((tokenId) => ({ tokenId }) as ClobBook), unknown, bad: [] };
      },
    },
  });
  const stop = new AbortController();
  const running = follower.run(stop.signal);
  resources.defer(async () => {
    stop.abort(new Error('stopped by the test'));
    await running;
  });
  const owned = resources.move();
  return {
    ...{ rig, follower, asked, counters },
    setAway: (away: boolean) => {
      isAway = away;
    },
    report: (shards: Record<string, ShardService>) =>
      putKey(rig.ingestors, 'host-1', { startedAtMs: 0, state: 'active', capacity: 10, shards }),
    /** What the follower does has no event of its own here. */
    until: async (isMet: () => boolean) => {
      while (!isMet()) await new Promise((resolve) => setTimeout(resolve, 10));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function conditionsIn(shard: { tokens: readonly { conditionId: string }[] } | undefined): string[] {
  return [...new Set(shard?.tokens.map(({ conditionId }) => conditionId))];
}
