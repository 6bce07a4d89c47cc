/**
 * How long to wait before the next attempt. It doubles with each failure up to `maxMs`, and half of it is random, so that
 * clients that failed together do not return together. Always within [`minMs`, `maxMs`].
 *
 * `failures`: failures since the last success, 1 after the first. `random`: a number in [0, 1).
 */
export function backoffMs(options: { failures: number; minMs: number; maxMs: number; random: number }): number {
  const { failures, minMs, maxMs, random } = options;
  const ceiling = Math.min(maxMs, minMs * 2 ** Math.max(1, failures));
  return Math.round(Math.max(minMs, ceiling / 2 + (random * ceiling) / 2));
}
