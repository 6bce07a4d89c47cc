import { type ClobClient, isVenueError, type VenueError } from '@polytape/polymarket';

/** What the CLOB said of some tokens. Those in neither collection it did not answer for, or not in a form that is known. */
export type FoundBooks = {
  /** With the condition that each book belongs to. */
  withBook: Map<string, string>;
  without: Set<string>;
  /** Why some tokens have no answer; null when every batch was answered. */
  failure: VenueError | null;
};

/** Asks the CLOB which of these tokens have a book. Trouble with the venue is part of the answer, never thrown. */
export async function findBooks(
  clob: Pick<ClobClient, 'books'>,
  tokenIds: readonly string[],
  signal: AbortSignal,
): Promise<FoundBooks> {
  const found: FoundBooks = { withBook: new Map(), without: new Set(), failure: null };
  try {
    for await (const batch of clob.books(tokenIds, signal)) {
      if ('failed' in batch) {
        found.failure = batch.failed.error;
        continue;
      }
      for (const { tokenId, conditionId } of batch.books) found.withBook.set(tokenId, conditionId);
      for (const tokenId of batch.unknown) found.without.add(tokenId);
    }
  } catch (error) {
    if (!isVenueError(error)) throw error;
    found.failure = error;
  }
  return found;
}
