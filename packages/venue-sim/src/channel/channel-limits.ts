/**
 * How many tokens a socket of the market channel really serves. The live venue documents no limit. Beyond one, reported as
 * anything from 100 to 750, tokens silently get no first book.
 */
export type ChannelLimits = {
  /** Further tokens of a socket silently get no book and no event; null serves all. */
  booksPerSocketMax: number | null;
  /** Whether unsubscribing a token frees its place for another on the same socket. */
  freesUnsubscribed: boolean;
};

/** The mistake in these limits, or null. */
export function limitsProblem({ booksPerSocketMax, freesUnsubscribed }: Partial<ChannelLimits>): string | null {
  const isCount = Number.isInteger(booksPerSocketMax) && (booksPerSocketMax ?? 0) >= 0;
  if (booksPerSocketMax !== undefined && booksPerSocketMax !== null && !isCount) {
    return 'booksPerSocketMax must be a whole number, or null for no limit';
  }
  if (freesUnsubscribed !== undefined && typeof freesUnsubscribed !== 'boolean') {
    return 'freesUnsubscribed must be true or false';
  }
  return null;
}
