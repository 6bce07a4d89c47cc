import type { Market } from '@polytape/types';

/**
 * Whether nothing more is expected of a market: it is closed and resolved, and that is what the most trusted source says,
 * or that source had a day's time to say otherwise.
 */
export function isSettled({ closed, resolution }: Pick<Market, 'closed' | 'resolution'>, nowMs: number): boolean {
  if (!closed || resolution?.state !== 'resolved') return false;
  return resolution.method === 'data_api' || nowMs - resolution.seenAtMs >= CONFIRM_MS_MAX;
}

const CONFIRM_MS_MAX = 24 * 60 * 60_000;
