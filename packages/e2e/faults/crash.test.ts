import { describe, test } from 'vitest';
import { recordThroughCrashes } from '../src/index.ts';

describe('a recording at 10,000 trades a second', () => {
  test('has every message that JetStream acknowledged exactly once, even if writer, ingestor and broker are killed', async () => {
    await recordThroughCrashes({ markets: 300, tradesPerSecond: 200, quotesPerTrade: 12, loadTradesPerSecond: 9_800 });
  }, 300_000);
});
