import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PolytapeHome } from '@polytape/e2e';
import type { Bench } from './bench.ts';
import { VenueProcess } from './load/venue-process.ts';
import { type Figure, figureOf, RUNS } from './measure.ts';

/** The time from the start of the process to the first committed trade, and when each part was ready. */
export async function benchStartUp(bench: Bench): Promise<Figure[]> {
  const runs = bench.options.quick ? QUICK_RUNS : RUNS;
  const cold: Moments[] = [];
  for (let run = 0; run < runs; run += 1) {
    await using home = await PolytapeHome.make();
    cold.push(await timeline(home, 'demo', {}));
  }
  const warm: Moments[] = [];
  await using venue = await VenueProcess.start({ directory: bench.directory, markets: 600, tradesPerSecond: 200 });
  await venue.trade();
  await using home = await PolytapeHome.make();
  for (let run = 0; run <= runs; run += 1) {
    const moments = await timeline(home, 'start', venue.env);
    if (run > 0) warm.push(moments); // the first has created the data
  }
  const pnpm: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const startedAtMs = performance.now();
    await promisify(execFile)('npx', ['pnpm', 'exec', 'true']);
    pnpm.push((performance.now() - startedAtMs) / 1_000);
  }
  return [
    ...figuresOf('demo, cold', cold),
    ...figuresOf('start, warm', warm),
    figureOf('before that, npx and pnpm themselves', 's', 'less', pnpm),
  ];
}

/** Seconds since the start of the process, by what happened then. */
type Moments = Map<string, number>;

async function timeline(home: PolytapeHome, command: 'demo' | 'start', env: Record<string, string>): Promise<Moments> {
  const startedAtMs = Date.now();
  await using run = home.spawn([command, '--for', '2s', '--json'], env);
  await run.exit();
  const { firstTradeMs } = JSON.parse(run.stdout.at(-1) ?? '{}') as { firstTradeMs?: number };
  const moments: Moments = new Map();
  for (const [name, file, pattern] of MOMENTS) {
    const path = join(home.path, command === 'demo' ? 'demo' : 'live', 'logs', file);
    const lines = readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => pattern.test(line));
    const times = lines.map(loggedAtMs).filter((atMs) => atMs >= startedAtMs);
    if (times[0] !== undefined) moments.set(name, (times[0] - startedAtMs) / 1_000);
  }
  if (typeof firstTradeMs === 'number') moments.set('first trade committed', firstTradeMs / 1_000);
  return moments;
}

/** The time in a line of a service's log, of nats-server's or of PostgreSQL's. */
function loggedAtMs(line: string): number {
  const [, date = '', time = ''] = /(\d{4}.\d\d.\d\d)[T ]([\d:.]+)/.exec(line) ?? [];
  return Date.parse(`${date.replaceAll('/', '-')}T${time}Z`);
}

function figuresOf(group: string, runs: readonly Moments[]): Figure[] {
  return [...MOMENTS.map(([name]) => name), 'first trade committed'].flatMap((name) => {
    const values = runs.flatMap((moments) => moments.get(name) ?? []);
    return values.length === 0 ? [] : [{ ...figureOf(name, 's', 'less', values), group }];
  });
}

const MOMENTS: [name: string, log: string, line: RegExp][] = [
  ['settings checked, nats-server started', 'nats.log', /Starting nats-server/],
  ['scheduler leads', 'scheduler-1.log', /This scheduler leads/],
  ['first shard planned', 'scheduler-1.log', /Planned shard/],
  ['PostgreSQL ready', 'postgres.log', /ready to accept connections/],
  ['writer reads the log', 'writer-1.log', /Projecting TRADES/],
  ['ingestor records its first shard', 'ws-ingestor-1.log', /Recording [1-9]/],
];
const QUICK_RUNS = 1;
