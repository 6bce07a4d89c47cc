/**
 * Why a scan of the open markets cannot be believed: too many that are known did not come. Null when it can. A few
 * markets say nothing by their share.
 */
export function shrinkDoubt(o: { known: number; vanished: number; percentMax: number }): string | null {
  const { known, vanished, percentMax } = o;
  if (vanished < VANISHED_MIN || vanished * 100 <= known * percentMax) return null;
  return `${vanished} of ${known} known markets did not come, more than ${percentMax} %`;
}

const VANISHED_MIN = 20;
