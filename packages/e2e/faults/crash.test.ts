import { describe, test } from 'vitest';
import { recordThroughCrashes } from '../src/index.ts';

describe('a recording at 2,000 trades a second', () => {
  test('has every message that JetStream acknowledged exactly once, even if writer, ingestor and broker are killed', async () => {
    await recordThroughCrashes({ markets: 300, tradesPerSecond: 2_000, quotesPerTrade: 12 });
  }, 300_000);
});
