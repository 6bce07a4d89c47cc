import { describe, test } from 'vitest';
import { recordThroughPowerLosses } from '../src/index.ts';

describe('a recording', () => {
  test('has every trade once, even if the machine of the broker loses power', async ({ skip }) => {
    const load = { markets: 60, tradesPerSecond: 800, quotesPerTrade: 2 };
    skip(!(await recordThroughPowerLosses(load)), 'the broker is not ours to kill');
  }, 120_000);
});
