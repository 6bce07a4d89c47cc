import { describe, test } from 'vitest';
import { readInRounds, recoverFromBadAnswers } from '../src/index.ts';

describe('prices, books and documents', () => {
  test('are all read in each round, within their intervals and the limits of the venue', async () => {
    await readInRounds({ markets: 400, intervalMs: 4_000 });
  }, 120_000);

  test('recover by themselves after bad answers of a host, which are logged once and stop no other job', async () => {
    await recoverFromBadAnswers({
      troubles: [
        ['clob', '500'],
        ['gamma', '429-retry-after'],
      ],
    });
  }, 150_000);
});
