import { describe, expect, test } from 'vitest';
import type { RecycleReason } from '../../src/replacement/recycle-reason.ts';
import { recycleTurns } from '../../src/replacement/recycle-turns.ts';

describe('requested replacements', () => {
  test('take turns by the urgency of their reason, then by the time of their last attempt', () => {
    const wishes = [wish('age', 1), wish('stalled', 9), wish('stalled', 3), wish('operator', 20), wish('pollution', 0)];
    expect(turns(wishes)).toEqual(['operator 20', 'stalled 3', 'stalled 9', 'pollution 0', 'age 1']);
  });

  test('that have failed before come after all others, whatever their reason', () => {
    const wishes = [retry('stalled', 5), retry('age', 2), wish('age', 8), retry('stalled', 1), retry('operator', 7)];
    expect(turns(wishes)).toEqual(['operator 7', 'age 8', 'stalled 1', 'age 2', 'stalled 5']);
  });
});

const wish = (reason: RecycleReason, triedAtMs: number) => ({ reason, triedAtMs, isRetry: false });
const retry = (reason: RecycleReason, triedAtMs: number) => ({ reason, triedAtMs, isRetry: true });
const turns = (wishes: ReturnType<typeof wish>[]) =>
  recycleTurns(wishes).map(({ reason, triedAtMs }) => `${reason} ${triedAtMs}`);
