import type { Market } from '@polytape/types';

/**
 * Whether Gamma was asked before we learnt that the market closed, or that it was reopened, and says the contrary: slow
 * answers and cached pages come after younger ones. What Gamma really means, its next answer tells.
 */
export function isOvertaken(
  told: { closed: boolean; askedAtMs: number },
  known: Pick<Market, 'closed' | 'seenAtMs' | 'resolution'> | null,
): boolean {
  if (known === null || told.closed === known.closed) return false;
  const sinceMs = known.closed ? known.seenAtMs : (known.resolution?.reopenedAtMs ?? 0);
  return told.askedAtMs < sinceMs;
}
