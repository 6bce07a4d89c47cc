import { describe, test } from 'vitest';
import { recordThroughPowerLosses } from '../src/index.ts';

describe('a recording at 2,000 trades a second', () => {
  test('has every trade once, even if the machine of the broker loses power', async ({ skip }) => {
    const load = { markets: 300, tradesPerSecond: 2_000, quotesPerTrade: 12 };
    skip(!(await recordThroughPowerLosses(load)), 'the broker is not ours to kill');
  }, 300_000);
});
