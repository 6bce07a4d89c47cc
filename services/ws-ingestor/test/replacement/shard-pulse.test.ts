import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ShardPulse } from '../../src/replacement/shard-pulse.ts';

const limits = { stallMsMin: 6_000, stallMsMax: 60_000 };
const SAMPLE_MS = 500;

/** A shard with data in every n-th sample, for this long. */
function pulseOf(everySamples: number, forMs: number): { pulse: ShardPulse; nowMs: number } {
  const pulse = new ShardPulse(limits, 0);
  let nowMs = 0;
  for (let sample = 1; nowMs < forMs; sample += 1) {
    nowMs = sample * SAMPLE_MS;
    if (sample % everySamples === 0) pulse.beat(nowMs, SAMPLE_MS);
  }
  return { pulse, nowMs };
}

describe('the silence limit', () => {
  test('is a minute for a shard without any data yet', () => {
    expect(new ShardPulse(limits, 0).silentMsMax).toBe(60_000);
  });

  test('is about six seconds for a shard with data all the time', () => {
    expect(pulseOf(1, 120_000).pulse.silentMsMax).toBeGreaterThanOrEqual(6_000);
    expect(pulseOf(1, 120_000).pulse.silentMsMax).toBeLessThan(6_600);
  });

  test('is in between for a shard with data now and then', () => {
    const { pulse } = pulseOf(4, 240_000);
    expect(pulse.silentMsMax).toBeGreaterThan(20_000);
    expect(pulse.silentMsMax).toBeLessThan(30_000);
    expect(pulseOf(30, 240_000).pulse.silentMsMax).toBe(60_000);
  });

  test('is not shortened by a burst', () => {
    const pulse = new ShardPulse(limits, 0);
    for (let at = 30_000; at <= 31_000; at += SAMPLE_MS) pulse.beat(at, SAMPLE_MS);
    expect(pulse.silentMsMax).toBe(60_000);
  });

  test('doubles with each silence that was mere quiet, up to ten minutes', () => {
    const pulse = new ShardPulse(limits, 0);
    const allowed: number[] = [];
    for (let spell = 0; spell < 6; spell += 1) {
      pulse.wasQuiet();
      allowed.push(pulse.silentMsMax);
    }
    expect(allowed).toEqual([120_000, 240_000, 480_000, 600_000, 600_000, 600_000]);
  });

  test('stays doubled while little data arrives, and follows the rule again when data flows', () => {
    const { pulse, nowMs } = pulseOf(60, 300_000);
    pulse.wasQuiet();
    pulse.beat(nowMs + 30_000, SAMPLE_MS);
    expect(pulse.silentMsMax).toBe(120_000);
    for (let at = nowMs + 30_500; at < nowMs + 60_000; at += SAMPLE_MS) pulse.beat(at, SAMPLE_MS);
    expect(pulse.silentMsMax).toBeLessThan(60_000);
  });

  test('is never below the minimum nor above ten times the maximum', () => {
    const step = fc.oneof(
      fc.record({ beatAfterMs: fc.integer({ min: 1, max: 100_000 }) }),
      fc.constant({ quiet: true as const }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const pulse = new ShardPulse(limits, 0);
        let nowMs = 0;
        for (const taken of steps) {
          if ('quiet' in taken) pulse.wasQuiet();
          else {
            nowMs += taken.beatAfterMs;
            pulse.beat(nowMs, SAMPLE_MS);
          }
          expect(pulse.silentMsMax).toBeGreaterThanOrEqual(6_000);
          expect(pulse.silentMsMax).toBeLessThanOrEqual(600_000);
        }
      }),
    );
  });
});
