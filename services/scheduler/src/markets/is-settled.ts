import type { Market } from '@polytape/types';

/**
 * Whether a market will not change any more: it is closed and resolved, and either the most trusted source confirmed that
 * or it has had a day to disagree.
 */
export function isSettled({ closed, resolution }: Pick<Market, 'closed' | 'resolution'>, nowMs: number): boolean {
  if (!closed || resolution?.state !== 'resolved') return false;
  return resolution.method === 'data_api' || nowMs - resolution.seenAtMs >= CONFIRM_MS_MAX;
}

const CONFIRM_MS_MAX = 24 * 60 * 60_000;
