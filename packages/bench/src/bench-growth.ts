import { readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { PolytapeHome, ProcessUnderTest, sumOfMetric, until, venueEnv } from '@polytape/e2e';
import type { Bench } from './bench.ts';
import { processesBelow, usageOf } from './load/process-usage.ts';
import { type Figure, figureOf } from './measure.ts';

/**
 * How the recorder grows with the venue: time to full coverage, then memory, processor time and connections of each process,
 * at venues of several sizes whose traffic grows with them.
 */
export async function benchGrowth(bench: Bench): Promise<Figure[]> {
  const sizes = bench.options.tokens ?? (bench.options.quick ? QUICK_SIZES : SIZES);
  const figures: Figure[] = [];
  for (const tokens of sizes) figures.push(...(await atSize(bench, tokens)));
  return [...figures, ...perThousandTokens(figures)];
}

async function atSize(bench: Bench, tokens: number): Promise<Figure[]> {
  const group = `${tokens.toLocaleString('en-US')} tokens`;
  const windowMs = (bench.options.seconds ?? (bench.options.quick ? 20 : 60)) * (1_000 / WINDOWS);
  await using venue = await startVenue(tokens);
  await using home = await PolytapeHome.make();
  const startedAtMs = performance.now();
  await using command = home.spawn(['start'], venue.env);
  await until(
    `${group} covered`,
    async () => (await sumOfMetric(await home.runtime(), 'polytape_ingestor_tokens_covered')) >= tokens,
    { withinMs: COVERED_MS_MAX, seen: () => [...command.stdout, ...command.stderr].slice(-12).join('\n') },
  );
  const coveredMs = performance.now() - startedAtMs;
  await delay(windowMs);

  const pids: Record<string, number> = (await home.runtime())?.pids ?? {};
  const processes = Object.entries(pids)
    .filter(([name]) => name !== 'polytape')
    .map(([name, pid]) => ({ name: name.replace(/-\d+$/, ''), pid, memory: [] as number[], cores: [] as number[] }));
  for (let window = 0; window < WINDOWS; window += 1) {
    const before = processes.map(({ pid }) => ({ ...usageOf(pid), atMs: performance.now() }));
    await delay(windowMs);
    for (const [at, { pid, memory, cores }] of processes.entries()) {
      const { cpuSeconds, memoryBytes } = usageOf(pid);
      const { cpuSeconds: cpuBefore = 0, atMs = 0 } = before[at] ?? {};
      memory.push(memoryBytes / 2 ** 20);
      cores.push(((cpuSeconds - cpuBefore) * 100_000) / (performance.now() - atMs));
    }
  }
  const figures = [
    figureOf('from the start to full coverage', 's', 'less', [coveredMs / 1_000]),
    ...processes.map(({ name, memory }) => figureOf(`memory, ${name}`, 'MiB', 'less', memory)),
    ...processes.map(({ name, cores }) => figureOf(`processor time, ${name}`, '% of a core', 'less', cores)),
    ...processes.map(({ name, pid }) => figureOf(`sockets, ${name}`, 'sockets', 'less', [socketsOf(pid)])),
  ];
  return figures.map((figure) => ({ ...figure, group }));
}

/** A quiet venue in a process of its own: 175 trades and 2,500 other events a second at 312,000 tokens. */
async function startVenue(tokens: number): Promise<{ env: Record<string, string> } & AsyncDisposable> {
  const main = fileURLToPath(import.meta.resolve('../../venue-sim/src/main.ts'));
  const still = ['--odd-markets', '0', '--open-per-minute', '0', '--close-per-minute', '0', '--burst-factor', '1'];
  const trades = ['--trades-per-second', '0', '--load-trades-per-second', `${tokens / 1_780}`];
  const size = ['--markets', `${tokens / 2}`, '--load-events-per-second', `${tokens / 125}`];
  const venue = ProcessUnderTest.spawn({
    ...{ name: 'venue-sim', main, env: {} },
    args: ['--port', '0', '--json', ...size, ...trades, ...still],
  });
  const { urls } = JSON.parse(await venue.line(/^\{"urls"/));
  return { env: venueEnv({ urls }), [Symbol.asyncDispose]: () => venue[Symbol.asyncDispose]() };
}

/** What each further 1,000 tokens take, between the smallest and the largest venue. */
function perThousandTokens(figures: readonly Figure[]): Figure[] {
  const memory = figures.filter(({ name }) => name.startsWith('memory, '));
  return [...new Set(memory.map(({ name }) => name))].flatMap((name) => {
    const ofProcess = memory.filter((figure) => figure.name === name);
    const [first, last] = [ofProcess.at(0), ofProcess.at(-1)];
    const thousands = (tokensOf(last) - tokensOf(first)) / 1_000;
    if (first === undefined || last === undefined || thousands <= 0) return [];
    const growth = (last.median - first.median) / thousands;
    return [figureOf(`${name}, for each 1,000 tokens more`, 'MiB', 'less', [growth])];
  });
}

/** The number that a group's name begins with. */
export function tokensOf(figure: Figure | undefined): number {
  return Number.parseInt((figure?.group ?? '').replaceAll(',', ''), 10);
}

function socketsOf(pid: number): number {
  const links = processesBelow(pid).flatMap((id) =>
    readdirSync(`/proc/${id}/fd`).map((fd) => linkOf(`/proc/${id}/fd/${fd}`)),
  );
  return new Set(links.filter((link) => link.startsWith('socket:'))).size;
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // closed meanwhile
  }
}

const SIZES = [500, 5_000, 50_000, 312_000];
const QUICK_SIZES = [500, 5_000];
const WINDOWS = 5;
const COVERED_MS_MAX = 900_000;
