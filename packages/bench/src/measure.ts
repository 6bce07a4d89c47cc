/** One figure: how many of something a second, over several runs. */
export type Measured = { name: string; unit: string; median: number; min: number; max: number; runs: number };

/**
 * Runs `work` a few times after one that does not count, and tells how many units a second it did. `prepare` makes what
 * the run of this number needs and is not timed; `work` returns how many units it has done.
 */
export async function measure<T>(
  name: string,
  unit: string,
  { prepare, work }: { prepare: (run: number) => T; work: (prepared: T) => number | Promise<number> },
): Promise<Measured> {
  const rates: number[] = [];
  for (let run = 0; run <= RUNS; run += 1) {
    const prepared = prepare(run);
    const startedAtMs = performance.now();
    const units = await work(prepared);
    const seconds = (performance.now() - startedAtMs) / 1_000;
    if (run > 0) rates.push(units / seconds);
  }
  rates.sort((a, b) => a - b);
  const median = rates[Math.floor(rates.length / 2)] ?? 0;
  return { name, unit, median, min: rates[0] ?? 0, max: rates.at(-1) ?? 0, runs: RUNS };
}

/** `92,100 frames/s (90,300 to 94,000, 5 runs)`. */
export function renderMeasured({ name, unit, median, min, max, runs }: Measured): string {
  return `  ${name.padEnd(52)} ${figure(median).padStart(10)} ${unit}/s   (${figure(min)} to ${figure(max)}, ${runs} runs)`;
}

function figure(number: number): string {
  return Math.round(number).toLocaleString('en-US');
}

const RUNS = 5;
