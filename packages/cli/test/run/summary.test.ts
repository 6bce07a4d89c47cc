import { describe, expect, test } from 'vitest';
import { failureOf, type RunResult } from '../../src/run/summary.ts';

const live: RunResult = {
  summary: {
    ...{ executed: null, recorded: 12, missing: null, duplicates: null },
    ...{ p50Ms: 8, p99Ms: 20, firstTradeMs: 3_000 },
  },
  unfinished: [],
  neverReady: [],
  whyMissing: null,
};
const NEVER = ['scheduler-1: 127.0.0.1:1 is unavailable for /markets/keyset: connection refused'];

describe('a run of `polytape start`', () => {
  test('that recorded something has not failed, also when a service was never ready', () => {
    expect(failureOf(live)).toBeNull();
    expect(failureOf({ ...live, neverReady: NEVER })).toBeNull();
  });

  test('that recorded nothing has failed when a service was never ready, and says why it was not', () => {
    const nothing = { ...live, summary: { ...live.summary, recorded: 0 } };
    expect(failureOf({ ...nothing, neverReady: NEVER })).toBe(
      'Nothing was recorded. Never ready were scheduler-1: 127.0.0.1:1 is unavailable for /markets/keyset: connection refused.',
    );
  });

  test('that recorded nothing has not failed when all was ready: markets may be quiet', () => {
    expect(failureOf({ ...live, summary: { ...live.summary, recorded: 0 } })).toBeNull();
  });
});

describe('a demo', () => {
  test('has failed when something is missing, doubled, unfinished, or when nothing came', () => {
    const demo = { ...live, summary: { ...live.summary, executed: 12, missing: 0, duplicates: 0 } };
    expect(failureOf(demo)).toBeNull();
    expect(failureOf({ ...demo, unfinished: ['writer-1'] })).toMatch(/^writer-1 ended with something unfinished/);
    expect(failureOf({ ...demo, summary: { ...demo.summary, duplicates: 1 } })).toMatch(/missing and 1 are doubled\.$/);
    expect(failureOf({ ...demo, summary: { ...demo.summary, recorded: 0 } })).toBe('No trade was recorded.');
  });

  test.each([
    [
      'behind, when services had trades in hand',
      { inHand: 3_000, cutAsSlow: 2, unheard: 9 },
      /behind: .*3,000 trades in hand/,
    ],
    [
      'behind, when the venue cut connections as slow',
      { inHand: 0, cutAsSlow: 1, unheard: 9 },
      /behind: the venue cut 1 connection /,
    ],
    [
      'a shard without a connection, when nobody was sent them',
      { inHand: 0, cutAsSlow: 0, unheard: 9 },
      /While 9 .*no connection.*REDUNDANCY=2/,
    ],
    [
      'a fault of polytape, when it was sent all of them',
      { inHand: 0, cutAsSlow: 0, unheard: 0 },
      /a fault of polytape\.$/,
    ],
  ])('with missing trades says that the cause was %s', (_, whyMissing, cause) => {
    const summary = { ...live.summary, executed: 30, recorded: 20, missing: 10, duplicates: 0 };
    expect(failureOf({ ...live, summary, whyMissing })).toMatch(/^10 trades are missing and 0 are doubled\. /);
    expect(failureOf({ ...live, summary, whyMissing })).toMatch(cause);
  });
});
