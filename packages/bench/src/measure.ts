/** A measured quantity: the median of several runs, and what it is compared with. */
export type Figure = {
  name: string;
  /** Column of the report's table, such as a rate. Figures without one are listed one a line. */
  group?: string;
  unit: string;
  better: 'more' | 'less';
  median: number;
  min: number;
  max: number;
  runs: number;
  /** The plain way to do the same, measured in the same run. */
  baseline?: { name: string; median: number };
};

/** Runs of a figure, where a section does not choose another number. */
export const RUNS = 5;

/** One way to do a piece of work. `prepare` makes the input of a run and is not timed; `work` returns the units it has processed. */
export type Case<T> = {
  name: string;
  prepare: (run: number) => T;
  work: (prepared: T) => number | Promise<number>;
};

/**
 * Units per second of one case.
 *
 * @param o.clock `cpu` counts the processor time of this process, which other programs on the machine disturb less than
 *   `wall`, the default. Use it for work of one core that waits for nothing.
 */
export async function measure<T>(
  name: string,
  unit: string,
  { prepare, work, clock }: Omit<Case<T>, 'name'> & { clock?: Clock },
): Promise<Figure> {
  const [figure] = await compare(unit, [{ name, prepare, work }], clock === undefined ? {} : { clock });
  return figure as Figure;
}

/**
 * Units per second of several ways to do the same. The first is the baseline of the others. Runs alternate between the cases,
 * after a warm-up of each, so that a busy minute of the machine meets all of them.
 */
export async function compare<T>(
  unit: string,
  cases: readonly Case<T>[],
  o: { clock?: Clock } = {},
): Promise<Figure[]> {
  const now = CLOCKS[o.clock ?? 'wall'];
  const rates = cases.map((): number[] => []);
  for (let run = 0; run <= RUNS; run += 1) {
    for (const [at, { prepare, work }] of cases.entries()) {
      const prepared = prepare(run);
      const startedAtMs = now();
      const units = await work(prepared);
      const seconds = (now() - startedAtMs) / 1_000;
      if (run > 0) rates[at]?.push(units / seconds);
    }
  }
  const figures = cases.map(({ name }, at) => figureOf(name, `${unit}/s`, 'more', rates[at] ?? []));
  const [first, ...rest] = figures;
  if (first === undefined) return [];
  return [first, ...rest.map((figure) => against(figure, first))];
}

/** A figure of measured values, one a run. */
export function figureOf(name: string, unit: string, better: Figure['better'], values: readonly number[]): Figure {
  const sorted = [...values].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return { name, unit, better, median, min: sorted[0] ?? 0, max: sorted.at(-1) ?? 0, runs: sorted.length };
}

/** The figure, with another one as its baseline. */
export function against(figure: Figure, { name, median }: Figure): Figure {
  return { ...figure, baseline: { name, median } };
}

export type Clock = 'wall' | 'cpu';

const CLOCKS: Record<Clock, () => number> = {
  wall: () => performance.now(),
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  },
};
