import { describe, expect, test } from 'vitest';
import { failureOf, type RunResult, renderSummary } from '../../src/run/summary.ts';

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
  test('that recorded something has not failed, even if a service was never ready', () => {
    expect(failureOf(live)).toBeNull();
    expect(failureOf({ ...live, neverReady: NEVER })).toBeNull();
  });

  test('that recorded nothing has failed if a service was never ready, and names its reason', () => {
    const nothing = { ...live, summary: { ...live.summary, recorded: 0 } };
    expect(failureOf({ ...nothing, neverReady: NEVER })).toBe(
      'Nothing was recorded. Services that were never ready: scheduler-1: 127.0.0.1:1 is unavailable for /markets/keyset: connection refused.',
    );
  });

  test('that recorded nothing has not failed if all services were ready, because markets may be quiet', () => {
    expect(failureOf({ ...live, summary: { ...live.summary, recorded: 0 } })).toBeNull();
  });
});

test('the summary has thousands separators', () => {
  const slow = { ...live.summary, recorded: 12_345, p50Ms: 9.9, p99Ms: 2_807.4 };
  expect(renderSummary({ summary: slow, whyMissing: null })).toEqual([
    '  recorded                  12,345',
    '  receive to committed row  p50 9.9 ms, p99 2,807 ms',
    '  first committed trade     3.0 s after the start',
  ]);
});

describe('a demo', () => {
  test('has failed if trades are missing or stored twice, a service left work unfinished, or nothing was recorded', () => {
    const demo = { ...live, summary: { ...live.summary, executed: 12, missing: 0, duplicates: 0 } };
    expect(failureOf(demo)).toBeNull();
    expect(failureOf({ ...demo, unfinished: ['writer-1'] })).toMatch(/^writer-1 left work unfinished/);
    expect(failureOf({ ...demo, summary: { ...demo.summary, duplicates: 1 } })).toMatch(
      /^0 trades are missing and 1 is stored twice\.$/,
    );
    expect(failureOf({ ...demo, summary: { ...demo.summary, recorded: 0 } })).toBe('No trade was recorded.');
  });

  test('is behind, and calls no trade missing, if services still held everything that the database lacks', () => {
    const summary = { ...live.summary, executed: 30, recorded: 20, missing: 10, duplicates: 0 };
    const behind = { ...live, summary, whyMissing: { inHand: 12, cutAsSlow: 0, unheard: 0 } };
    expect(failureOf(behind)).toMatch(/^The recorder is behind by 10 trades: services still held them /);
    expect(renderSummary(behind).join('\n')).toMatch(/ {2}behind by +10$/m);
    expect([failureOf(behind), ...renderSummary(behind)].join('\n')).not.toContain('missing');
    // One more than they held: that one is missing.
    const less = { ...behind, whyMissing: { ...behind.whyMissing, inHand: 9 } };
    expect(failureOf(less)).toMatch(/^10 trades are missing /);
    expect(renderSummary(less).join('\n')).toMatch(/ {2}missing +10$/m);
  });

  test.each([
    [
      'it was behind, when services still held trades',
      { inHand: 3, cutAsSlow: 2, unheard: 9 },
      /behind: 3 trades were still waiting/,
    ],
    [
      'it was behind, when the venue cut slow connections',
      { inHand: 0, cutAsSlow: 1, unheard: 9 },
      /behind: the venue cut 1 connection /,
    ],
    [
      'a shard had no connection, when the venue sent them to nobody',
      { inHand: 0, cutAsSlow: 0, unheard: 9 },
      /9 of them .*no connection.*REDUNDANCY=2/,
    ],
    ['a bug, when the recorder had received them', { inHand: 0, cutAsSlow: 0, unheard: 0 }, /this is a bug/],
  ])('names the cause of missing trades: %s', (_, whyMissing, cause) => {
    const summary = { ...live.summary, executed: 30, recorded: 20, missing: 10, duplicates: 0 };
    expect(failureOf({ ...live, summary, whyMissing })).toMatch(/^10 trades are missing and 0 are stored twice\. /);
    expect(failureOf({ ...live, summary, whyMissing })).toMatch(cause);
  });
});
