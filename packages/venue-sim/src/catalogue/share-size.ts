/** Formats a size in millionths of a share: `216216215` becomes `216.216215`, `5000000` becomes `5`. */
export function sizeText(micro: number): string {
  const fraction = micro % MICRO_PER_SHARE;
  const shares = (micro - fraction) / MICRO_PER_SHARE;
  if (fraction === 0) return String(shares);
  if (fraction % 10_000 === 0) {
    const hundredths = fraction / 10_000;
    if (hundredths % 10 === 0) return `${shares}.${hundredths / 10}`;
    return hundredths < 10 ? `${shares}.0${hundredths}` : `${shares}.${hundredths}`;
  }
  return `${shares}.${String(fraction).padStart(6, '0').replace(/0+$/, '')}`;
}

/** Parses a size with up to 6 decimals into millionths of a share; null if it is invalid. */
export function microOfSize(text: string): number | null {
  if (!/^\d{1,9}(\.\d{1,6})?$/.test(text)) return null;
  return Math.round(Number(text) * MICRO_PER_SHARE);
}

/** Sizes are integers in millionths of a share, because the collateral has 6 decimals. */
export const MICRO_PER_SHARE = 1_000_000;
