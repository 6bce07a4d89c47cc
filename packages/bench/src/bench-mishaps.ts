import { setTimeout as delay } from 'node:timers/promises';
import type { Bench } from './bench.ts';
import { startPlain } from './load/plain-under-load.ts';
import { startPolytape } from './load/polytape-under-load.ts';
import { processesBelow } from './load/process-usage.ts';
import type { RecorderUnderLoad } from './load/recorder-under-load.ts';
import { untilStored } from './load/until-stored.ts';
import { VenueProcess } from './load/venue-process.ts';
import { type Figure, figureOf } from './measure.ts';

/** What polytape and the plain alternative lose, or store twice, when something goes wrong. */
export async function benchMishaps(bench: Bench): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const mishap of MISHAPS) {
    const { name, copies } = mishap;
    const plain = await outcome(bench, mishap, async (venue) => {
      return await startPlain({ venue, copies, postgres: await bench.postgres() });
    });
    const polytape = await outcome(bench, mishap, (venue) => startPolytape({ venue, redundancy: copies }));
    for (const kind of ['missing', 'duplicates'] as const) {
      figures.push({
        ...figureOf(`${name}: ${kind === 'missing' ? 'missing' : 'stored twice'}`, 'trades', 'less', [polytape[kind]]),
        baseline: { name: `plain alternative, of ${plain.executed}`, median: plain[kind] },
      });
    }
  }
  return figures;
}

type Mishap = (recorder: RecorderUnderLoad) => Promise<void>;

async function outcome(
  bench: Bench,
  { mishap, countsUntil }: (typeof MISHAPS)[number],
  start: (venue: Record<string, string>) => Promise<RecorderUnderLoad>,
): Promise<{ executed: number; missing: number; duplicates: number }> {
  await using venue = await VenueProcess.start({ directory: bench.directory, markets: MARKETS, tradesPerSecond: RATE });
  await using recorder = await start(venue.env);
  await venue.trade();
  await delay(BEFORE_MS);
  const beganAtMs = Date.now();
  await mishap(recorder);
  await delay(AFTER_MS);
  const all = await venue.stop();
  await untilStored(recorder, all.length);
  const counted = all.filter(({ timestamp }) => Number(timestamp) < beganAtMs + countsUntil);
  const { missing } = await recorder.compare(counted);
  const { duplicates } = await recorder.compare(all);
  return { executed: counted.length, missing, duplicates };
}

const STANDSTILL_MS = 3_000;

/** `countsUntil`: only trades up to this many milliseconds after the start of the mishap can be missing. */
const MISHAPS: { name: string; copies: number; countsUntil: number; mishap: Mishap }[] = [
  {
    name: 'the database stands still for 3 s',
    copies: 1,
    countsUntil: Number.POSITIVE_INFINITY,
    mishap: (recorder) => standstill(recorder, STANDSTILL_MS),
  },
  {
    // What was executed while the process was away is left out: whoever has one process only misses that.
    name: 'the recording process is killed while the database stands still (trades of the last 100 ms left out)',
    copies: 1,
    countsUntil: STANDSTILL_MS - 100,
    mishap: async (recorder) => {
      await Promise.all([
        standstill(recorder, 2 * STANDSTILL_MS),
        delay(STANDSTILL_MS).then(() => recorder.killAndRestart()),
      ]);
    },
  },
  {
    name: 'one of two recording processes is killed',
    copies: 2,
    countsUntil: Number.POSITIVE_INFINITY,
    mishap: (recorder) => recorder.killAndRestart(),
  },
  { name: 'each frame comes twice', copies: 2, countsUntil: Number.POSITIVE_INFINITY, mishap: async () => {} },
];

/** Stops every process of PostgreSQL, and lets them go on. */
async function standstill(recorder: RecorderUnderLoad, ms: number): Promise<void> {
  const { postgres = 0 } = await recorder.pids();
  const pids = processesBelow(postgres);
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  try {
    await delay(ms);
  } finally {
    for (const pid of pids) process.kill(pid, 'SIGCONT');
  }
}

const MARKETS = 600;
const RATE = 5_000;
const BEFORE_MS = 3_000;
const AFTER_MS = 3_000;
