/** A token whose book may be read. */
export type BookCandidate = {
  tokenId: string;
  /** Volume of its market in collateral; null if unknown. */
  volume24h: string | null;
  /** When its book was last read, or when it was first wanted; milliseconds since the epoch. */
  waitsSinceMs: number;
};

/**
 * The tokens whose books to read in this round: all of them, or `tokensMax`. Three quarters of these are the most active
 * ones, the rest those that have waited longest, so that every token gets its turn.
 */
export function booksOfRound(candidates: readonly BookCandidate[], tokensMax: number): string[] {
  if (tokensMax === 0 || candidates.length <= tokensMax) return candidates.map(({ tokenId }) => tokenId);
  const turns = Math.ceil(tokensMax * TURNS_SHARE);
  const byActivity = candidates
    .map((candidate) => ({ ...candidate, volume: Number(candidate.volume24h ?? 0) }))
    .sort((a, b) => b.volume - a.volume);
  const active = byActivity.slice(0, tokensMax - turns);
  const waiting = byActivity
    .slice(tokensMax - turns)
    .sort((a, b) => a.waitsSinceMs - b.waitsSinceMs)
    .slice(0, turns);
  return [...active, ...waiting].map(({ tokenId }) => tokenId);
}

const TURNS_SHARE = 0.25;
