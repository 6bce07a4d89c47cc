import { type ClobClient, isVenueError, type VenueError } from '@polytape/polymarket';

/** The CLOB's answer for some tokens. A token in neither collection has no usable answer. */
export type FoundBooks = {
  /** With the condition that each book belongs to. */
  withBook: Map<string, string>;
  without: Set<string>;
  /** Why a batch has no answer; null when all batches have one. */
  failure: VenueError | null;
};

/** Asks the CLOB which of these tokens have a book. Venue errors are part of the answer, not thrown. */
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
