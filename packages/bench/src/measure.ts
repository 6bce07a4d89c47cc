/** Units per second, over several runs. */
export type Measured = { name: string; unit: string; median: number; min: number; max: number; runs: number };

/**
 * Runs `work` several times after a warm-up and returns the units per second. `prepare` makes the input of a run and is not
 * timed; `work` returns the number of units that it has processed.
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
