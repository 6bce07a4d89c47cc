import { describe, expect, test } from 'vitest';
import { inTurns } from '../../src/snapshots/in-turns.ts';

describe('items in turns', () => {
  test('come all, in order, and let other work run in between', async () => {
    let turns = 0;
    let isOver = false;
    const count = () => {
      turns += 1;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    const items = Array.from({ length: 30_000 }, (_, number) => number);
    const seen: number[] = [];
    for await (const portion of inTurns(items)) seen.push(...portion);
    isOver = true;
    expect(seen).toEqual(items);
    expect(turns).toBeGreaterThan(3);
  });

  test('are none of none', async () => {
    const seen: unknown[] = [];
    for await (const portion of inTurns([])) seen.push(...portion);
    expect(seen).toEqual([]);
  });
});
