import { describe, expect, test } from 'vitest';
import { Prng } from '../../src/exchange/prng.ts';

describe('the generator', () => {
  test('repeats a sequence only for the same parts', () => {
    const draw = (...parts: (string | number)[]): string => new Prng(...parts).hex(64);
    expect(draw('seed', 'market', 1)).toBe(draw('seed', 'market', 1));
    const others = [
      draw('seed', 'market', 1),
      draw('seed', 'market', 2),
      draw('seed', 'event', 1),
      draw('seeD', 'market', 1),
      draw('seed', 'market', 11),
    ];
    expect(new Set(others).size).toBe(others.length);
  });

  test('distributes its numbers evenly', () => {
    const prng = new Prng('even');
    const buckets = new Array<number>(10).fill(0);
    for (let draw = 0; draw < 100_000; draw += 1) {
      const bucket = prng.integer(0, 9);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });

  test('does not repeat in 200,000 draws of 64 bits', () => {
    const prng = new Prng('long');
    const seen = new Set<string>();
    for (let draw = 0; draw < 200_000; draw += 1) seen.add(prng.hex(16));
    expect(seen.size).toBe(200_000);
  });
});
