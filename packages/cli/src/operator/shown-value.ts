/** `12,345`. */
export function shownCount(number: number): string {
  return Math.round(number).toLocaleString('en-US');
}

/** `1.5` below ten, `120` above. */
export function shownRate(perSecond: number): string {
  return perSecond > 0 && perSecond < 10 ? perSecond.toFixed(1) : shownCount(perSecond);
}

/** A duration in its largest unit: `0.4 s`, `12 s`, `3 min`, `5 h`, `4 d`. */
export function shownDuration(ms: number): string {
  const seconds = Math.max(0, ms) / 1_000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  if (seconds < 2 * 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 2 * 86_400) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** `3 s ago`, or `never`. */
export function shownAgo(atMs: number | null, nowMs: number): string {
  return atMs === null ? 'never' : `${shownDuration(nowMs - atMs)} ago`;
}

/** `1 shard`, `2 shards`. */
export function shownPlural(count: number, noun: string): string {
  return `${shownCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}
