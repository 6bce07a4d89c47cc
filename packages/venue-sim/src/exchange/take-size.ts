import { MICRO_PER_SHARE } from '../catalogue/share-size.ts';
import type { Prng } from './prng.ts';

/** The size of a fill. Roughly lognormal: mostly tens of shares, sometimes thousands; whole, with 2 decimals or with all 6. */
export function takeSize(prng: Prng): number {
  const micro = Math.exp(1.5 + prng.unit() * 5.5) * MICRO_PER_SHARE;
  const chance = prng.unit();
  if (chance < 0.3) return Math.max(1, Math.round(micro / MICRO_PER_SHARE)) * MICRO_PER_SHARE;
  if (chance < 0.65) return Math.max(1, Math.round(micro / 10_000)) * 10_000;
  return Math.max(1, Math.round(micro));
}
