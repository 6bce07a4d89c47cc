import { describe, test } from 'vitest';
import { recordThroughCrashes } from '../src/index.ts';

describe('a recording', () => {
  test('has every message that JetStream acknowledged exactly once, even if writer, ingestor and broker are killed', async () => {
    await recordThroughCrashes({ markets: 60, tradesPerSecond: 800, quotesPerTrade: 2 });
  }, 300_000);
});
