import { describe, expect, test } from 'vitest';
import { RetryTimes } from '../../src/replacement/retry-times.ts';

describe('a failed replacement', () => {
  test('is tried again after waits that grow up to a maximum', () => {
    const retries = new RetryTimes({ minMs: 10_000 });
    const waits = Array.from({ length: 8 }, () => retries.failed('age', { nowMs: 0, maxMs: 600_000, random: 0.999 }));
    expect(waits.every((wait, at) => wait >= (waits[at - 1] ?? 10_000))).toBe(true);
    expect(waits.at(-1)).toBeLessThanOrEqual(600_000);
    expect(retries.mayTry('age', (waits.at(-1) ?? 0) - 1)).toBe(false);
    expect(retries.mayTry('age', waits.at(-1) ?? 0)).toBe(true);
  });

  test('does not delay one for another reason, nor an operator’s', () => {
    const retries = new RetryTimes({ minMs: 10_000 });
    retries.failed('age', { nowMs: 0, maxMs: 600_000, random: 0.5 });
    retries.failed('operator', { nowMs: 0, maxMs: 600_000, random: 0.5 });
    expect(retries.mayTry('stalled', 0)).toBe(true);
    expect(retries.mayTry('operator', 0)).toBe(true);
  });

  test('is tried again at once after the success of another shard, without shortening its next wait', () => {
    const retries = new RetryTimes({ minMs: 10_000 });
    const wait = () => retries.failed('stalled', { nowMs: 0, maxMs: 600_000, random: 0.5 });
    const first = wait();
    retries.failed('age', { nowMs: 0, maxMs: 600_000, random: 0.5 });
    retries.tryAgain('stalled');
    expect(retries.mayTry('stalled', 0)).toBe(true);
    expect(retries.mayTry('age', 0)).toBe(false);
    expect(wait()).toBeGreaterThan(first);
  });

  test('no longer counts after a success', () => {
    const retries = new RetryTimes({ minMs: 10_000 });
    const wait = () => retries.failed('stalled', { nowMs: 0, maxMs: 600_000, random: 0.5 });
    const first = wait();
    wait();
    retries.succeeded();
    expect(retries.mayTry('stalled', 0)).toBe(true);
    expect(wait()).toBe(first);
  });
});
