/** Several times the base rate for a while, again and again; the mean over a whole period stays what was asked for. */
export type Burst = { factor: number; everyMs: number; lengthMs: number };

/**
 * How many trades the venue should have executed after so much trading time: an exact sum, so that late ticks cause
 * no drift. Each period is quiet first and bursts at its end.
 */
export function tradesDue(elapsedMs: number, { perSecond, burst }: { perSecond: number; burst: Burst | null }): number {
  if (burst === null) return Math.floor((elapsedMs * perSecond) / 1_000);
  const { factor, everyMs, lengthMs } = burst;
  const quietMs = everyMs - lengthMs;
  const basePerMs = ((perSecond / 1_000) * everyMs) / (quietMs + factor * lengthMs);
  const periods = Math.floor(elapsedMs / everyMs);
  const withinMs = elapsedMs - periods * everyMs;
  const within = Math.min(withinMs, quietMs) + factor * Math.max(0, withinMs - quietMs);
  return Math.floor((periods * everyMs * perSecond) / 1_000 + within * basePerMs + 1e-9);
}
