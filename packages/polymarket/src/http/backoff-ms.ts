/**
 * How long to wait before the next try. It doubles with each try up to `maxMs`; half of it is left to chance, so that
 * those who fell together do not come back together. Always within [`minMs`, `maxMs`].
 *
 * `failures`: tries that failed since the last success, 1 after the first. `random`: a number in [0, 1).
 */
export function backoffMs(options: { failures: number; minMs: number; maxMs: number; random: number }): number {
  const { failures, minMs, maxMs, random } = options;
  const ceiling = Math.min(maxMs, minMs * 2 ** Math.max(1, failures));
  return Math.round(Math.max(minMs, ceiling / 2 + (random * ceiling) / 2));
}
