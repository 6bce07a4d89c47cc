import { describe, expect, test } from 'vitest';
import { type RateCount, VenueSim } from '../../src/index.ts';
import { RateCounts } from '../../src/rest/rate-counts.ts';
import { getJson, postJson } from './rest-client.ts';

describe('the counts of requests', () => {
  test('contain the maximum of any 10 s', () => {
    let nowMs = 0;
    const counts = new RateCounts(() => nowMs);
    const add = (times: number, atMs: number): void => {
      nowMs = atMs;
      for (let time = 0; time < times; time += 1) counts.add('gamma', '/markets/keyset');
    };
    add(4, 0);
    add(3, 9_999);
    expect(of(counts.counts(), 'gamma', '/markets')).toMatchObject({ requests: 7, most: 7, limit: 300 });
    // The first four are 10 s old and no longer count.
    add(5, 10_000);
    expect(of(counts.counts(), 'gamma', '/markets').most).toBe(8);
    add(1, 30_000);
    expect(of(counts.counts(), 'gamma', '/markets')).toMatchObject({ requests: 13, most: 8 });
  });

  test('stay exact over many requests', () => {
    let nowMs = 0;
    const counts = new RateCounts(() => nowMs);
    // One per millisecond: 10,000 in every window.
    for (; nowMs < 45_000; nowMs += 1) counts.add('clob', '/book');
    expect(of(counts.counts(), 'clob', '/book')).toMatchObject({ requests: 45_000, most: 10_000, limit: 1_500 });
  });

  test('contain each request under every limit that covers it, including bad answers, without the control', async () => {
    await using venue = await VenueSim.start({ markets: 3, tradesPerSecond: 0, openPerMinute: 0, closePerMinute: 0 });
    venue.rest.answerBadly({ host: 'data', answer: '500', count: 1 });
    await fetch(`${venue.urls.gamma}/markets/keyset`);
    await fetch(`${venue.urls.gamma}/markets/slug/nothing`);
    await postJson(`${venue.urls.clob}/books`, []);
    await fetch(`${venue.urls.clob.replace('/clob', '')}/prices?token_ids=1`);
    await fetch(`${venue.urls.data}/v2/status`);
    const { windowMs, rules } = (await getJson(`${venue.urls.sim}/rates`)) as { windowMs: number; rules: RateCount[] };
    expect(windowMs).toBe(10_000);
    const requests = Object.fromEntries(
      rules.filter((rule) => rule.requests > 0).map(({ host, rule, requests }) => [`${host} ${rule}`, requests]),
    );
    expect(requests).toEqual({
      'all all hosts': 5,
      'gamma general': 2,
      'gamma /markets': 2,
      'gamma /markets and /events lists': 1,
      'clob general': 2,
      'clob /books': 1,
      'clob /prices': 1,
      'data v2 general': 1,
      'data v2 status': 1,
    });
  });
});

function of(counts: readonly RateCount[], host: string, rule: string): RateCount {
  const found = counts.find((count) => count.host === host && count.rule === rule);
  if (found === undefined) throw new Error(`no rule ${host} ${rule}`);
  return found;
}
