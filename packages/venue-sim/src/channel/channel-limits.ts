/**
 * How many tokens a socket of the market channel really serves. The live venue names no number; beyond one that others
 * have put anywhere from 100 to 750, tokens get no first book, and nobody is told.
 */
export type ChannelLimits = {
  /** Tokens beyond these on one socket get no book and no event, silently; null serves all. */
  booksPerSocketMax: number | null;
  /** Whether an unsubscribed token's place can be had by another on the same socket. */
  freesUnsubscribed: boolean;
};

/** What is wrong with these limits, or null. */
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
