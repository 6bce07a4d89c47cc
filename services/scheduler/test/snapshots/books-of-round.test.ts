import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BookCandidate, booksOfRound } from '../../src/snapshots/books-of-round.ts';

const candidate = (tokenId: string, volume24h: string | null, waitsSinceMs = 0): BookCandidate => ({
  ...{ tokenId, volume24h, waitsSinceMs },
});

describe('the books of a round', () => {
  test('are all books if there is no maximum or it is not exceeded', () => {
    const all = [candidate('1', '5'), candidate('2', null)];
    expect(booksOfRound(all, 0)).toEqual(['1', '2']);
    expect(booksOfRound(all, 2)).toEqual(['1', '2']);
  });

  test('are those of the most active tokens and of those that have waited longest', () => {
    const candidates = [
      candidate('quiet', '1', 300),
      candidate('busy', '1000', 500),
      candidate('silent', null, 100),
      candidate('busier', '20000', 500),
      candidate('calm', '2', 200),
      candidate('busiest', '1000000.5', 500),
    ];
    expect(booksOfRound(candidates, 4)).toEqual(['busiest', 'busier', 'busy', 'silent']);
  });

  test('give every token its turn, however quiet it is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(1_000), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 20 }),
        (volumes, max) => {
          const waits = new Map(volumes.map((_, index) => [String(index), 0]));
          const turns = Math.ceil(max / 4);
          const rounds = Math.ceil(volumes.length / turns) + 1;
          const read = new Set<string>();
          for (let round = 1; round <= rounds; round += 1) {
            const candidates = volumes.map((volume, index) =>
              candidate(String(index), String(volume), waits.get(String(index))),
            );
            const chosen = booksOfRound(candidates, max);
            expect(chosen.length).toBe(Math.min(max, volumes.length));
            expect(new Set(chosen).size).toBe(chosen.length);
            for (const tokenId of chosen) {
              read.add(tokenId);
              waits.set(tokenId, round);
            }
          }
          expect(read.size).toBe(volumes.length);
        },
      ),
    );
  });
});
