import { setTimeout as delay } from 'node:timers/promises';
import type { Bench } from './bench.ts';
import { startPlain } from './load/plain-under-load.ts';
import { startPolytape } from './load/polytape-under-load.ts';
import { type Usage, usageOf } from './load/process-usage.ts';
import type { RecorderUnderLoad } from './load/recorder-under-load.ts';
import { untilStored } from './load/until-stored.ts';
import { VenueProcess } from './load/venue-process.ts';
import { against, type Figure, figureOf } from './measure.ts';
import { summariseProfiles } from './report/profile-summary.ts';

/** From the WebSocket frame to the committed row, at several rates, with the plain alternative as baseline. */
export async function benchEndToEnd(bench: Bench): Promise<Figure[]> {
  const { quick, rates, cpuProf } = bench.options;
  const figures: Figure[] = [];
  for (const rate of rates ?? (quick ? QUICK_RATES : RATES)) {
    const polytape = await underLoad(bench, rate, (venue) => startPolytape({ venue, redundancy: 1, cpuProf }));
    if (cpuProf !== null) for (const line of summariseProfiles(cpuProf)) bench.say(line);
    const plain = await underLoad(bench, rate, async (venue) =>
      startPlain({ venue, copies: 1, postgres: await bench.postgres() }),
    );
    figures.push(...beside(polytape, plain));
  }
  if (rates === null && !quick) {
    const load = (venue: Record<string, string>) => startPolytape({ venue, redundancy: 2 });
    const redundant = await underLoad(bench, REDUNDANT_RATE, load);
    const group = `${REDUNDANT_RATE.toLocaleString('en-US')}/s, two ingestors`;
    figures.push(...redundant.map((figure) => ({ ...figure, group })));
  }
  return figures;
}

/** Measures a recorder at a rate: first a warm-up, then equal windows. */
async function underLoad(
  bench: Bench,
  rate: number,
  start: (venue: Record<string, string>) => Promise<RecorderUnderLoad>,
): Promise<Figure[]> {
  const { quick, seconds } = bench.options;
  const windowMs = ((seconds ?? (quick ? 10 : 30)) * 1_000) / WINDOWS;
  await using venue = await VenueProcess.start({ directory: bench.directory, markets: MARKETS, tradesPerSecond: rate });
  await using recorder = await start(venue.env);
  await venue.trade();
  await delay(quick ? QUICK_WARM_UP_MS : WARM_UP_MS);
  await recorder.window();
  const values = new Map<string, { unit: string; better: Figure['better']; values: number[] }>();
  const add = (name: string, unit: string, better: Figure['better'], value: number | null) => {
    if (value === null || Number.isNaN(value)) return;
    const row = values.get(name) ?? { unit, better, values: [] };
    values.set(name, row);
    row.values.push(value);
  };
  let before = await usages(recorder);
  let atMs = performance.now();
  for (let at = 0; at < WINDOWS; at += 1) {
    await delay(windowMs);
    const { committed, p50Ms, p99Ms } = await recorder.window();
    const now = await usages(recorder);
    const nowMs = performance.now();
    add('trades committed', 'trades/s', 'more', (committed * 1_000) / (nowMs - atMs));
    add('receive to committed row, p50', 'ms', 'less', p50Ms);
    add('receive to committed row, p99', 'ms', 'less', p99Ms);
    const used = [...now].map(
      ([name, { cpuSeconds }]) => [name, cpuSeconds - (before.get(name)?.cpuSeconds ?? 0)] as const,
    );
    const perMillion = 1_000_000 / Math.max(1, committed);
    add(
      'processor time, all processes',
      's a million',
      'less',
      perMillion * used.reduce((sum, [, cpu]) => sum + cpu, 0),
    );
    for (const [name, cpu] of used) add(`processor time, ${name}`, 's a million', 'less', perMillion * cpu);
    const memory = [...now.values()].reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
    add('memory, all processes', 'MiB', 'less', memory / 2 ** 20);
    for (const [name, { memoryBytes }] of now) add(`memory, ${name}`, 'MiB', 'less', memoryBytes / 2 ** 20);
    [before, atMs] = [now, nowMs];
  }
  const truth = await venue.stop();
  await untilStored(recorder, truth.length);
  const { missing, duplicates } = await recorder.compare(truth);
  add('trades missing at the end', 'trades', 'less', missing);
  add('trades stored twice', 'trades', 'less', duplicates);
  await recorder.stop();
  const group = `${rate.toLocaleString('en-US')}/s`;
  return [...values].map(([name, row]) => ({ ...figureOf(name, row.unit, row.better, row.values), group }));
}

/** What each kind of process has used so far; several ingestors are one kind. */
async function usages(recorder: RecorderUnderLoad): Promise<Map<string, Usage>> {
  const { polytape: _command, ...pids } = await recorder.pids();
  const kinds = new Map<string, Usage>();
  for (const [name, pid] of Object.entries(pids)) {
    const kind = name.replace(/-\d+$/, '');
    const { cpuSeconds, memoryBytes } = usageOf(pid);
    const others = kinds.get(kind) ?? { cpuSeconds: 0, memoryBytes: 0 };
    kinds.set(kind, { cpuSeconds: others.cpuSeconds + cpuSeconds, memoryBytes: others.memoryBytes + memoryBytes });
  }
  return kinds;
}

/** The figures of polytape, each with the same of the plain alternative as baseline. */
function beside(polytape: readonly Figure[], plain: readonly Figure[]): Figure[] {
  const byName = new Map(plain.map((figure) => [figure.name, figure]));
  return polytape.map((figure) => {
    const other = byName.get(figure.name);
    return other === undefined ? figure : against(figure, { ...other, name: 'plain alternative' });
  });
}

const RATES = [200, 1_000, 5_000, 20_000, 40_000];
const QUICK_RATES = [1_000];
const REDUNDANT_RATE = 10_000;
const MARKETS = 600;
const WINDOWS = 5;
const WARM_UP_MS = 10_000;
const QUICK_WARM_UP_MS = 3_000;
