import { describe, test } from 'vitest';
import { recordYoungMarkets } from '../src/index.ts';

describe('a market that opens while the recorder runs', () => {
  test('is recorded without a gap from 1 s after its event, though Gamma lists it up to 30 s late', async () => {
    await recordYoungMarkets({ markets: 30, gammaLagMs: 30_000 });
  }, 120_000);
});
