import { describe, test } from 'vitest';
import { recordThroughCrashes } from '../src/index.ts';

describe('a recording', () => {
  test('has all that JetStream acknowledged, once, though writer, ingestor and broker are killed', async () => {
    await recordThroughCrashes({ markets: 60, tradesPerSecond: 800, quotesPerTrade: 2 });
  }, 300_000);
});
