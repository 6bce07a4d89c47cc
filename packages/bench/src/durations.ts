/** Durations of several runs, in milliseconds. */
export type Durations = { name: string; medianMs: number; minMs: number; maxMs: number; runs: number };

/** @param took Milliseconds of each run. */
export function durations(name: string, took: readonly number[]): Durations {
  const sorted = [...took].sort((a, b) => a - b);
  const medianMs = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return { name, medianMs, minMs: sorted[0] ?? 0, maxMs: sorted.at(-1) ?? 0, runs: sorted.length };
}

/** `640 ms (590 to 720, 5 runs)`. */
export function renderDurations({ name, medianMs, minMs, maxMs, runs }: Durations): string {
  return `  ${name.padEnd(52)} ${figure(medianMs).padStart(10)} ms   (${figure(minMs)} to ${figure(maxMs)}, ${runs} runs)`;
}

function figure(ms: number): string {
  return Math.round(ms).toLocaleString('en-US');
}
