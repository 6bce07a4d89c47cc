/**
 * The whole venue: a recorder with embedded servers against a simulated venue of 150,000 markets in a process of its own.
 * Prints memory and CPU of each process over time. `--help` lists the options.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type ProcessUse, processUse } from './process-use.ts';

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    'sample-seconds': { type: 'string', default: '30' },
    venue: {
      type: 'string',
      default:
        '--markets 150000 --trades-per-second 0 --load-trades-per-second 200 --load-events-per-second 28000 --burst-factor 57',
    },
    json: { type: 'string' },
    help: { type: 'boolean' },
  },
});
if (options.help) {
  console.log(`Options:
  --minutes <number>          how long to record (default 30)
  --sample-seconds <number>   time between two samples (default 30)
  --venue="<options>"         options of venue-sim, in place of 150,000 markets with 28,000 events/s and 200 trades/s
  --json <file>               write all samples there
Environment variables are passed on to the services.`);
  process.exit(0);
}

/** Seconds since the recorder began to start; tokens covered, and rows per table, as far as the services tell. */
type Sample = {
  atS: number;
  tokensCovered: number;
  tradesStored: number;
  pricesPublished: number;
  booksPublished: number;
  uses: Record<string, ProcessUse>;
};

const dataDir = mkdtempSync(join(tmpdir(), 'polytape-whole-venue-'));
const samples: Sample[] = [];
await using stack = new AsyncDisposableStack();
stack.defer(() => rmSync(dataDir, { recursive: true, force: true }));
const venue = stack.use(
  started('venue-sim', '../../venue-sim/src/main.ts', [
    '--port',
    '0',
    '--json',
    '--odd-markets',
    '0',
    ...options.venue.split(' '),
  ]),
);
const { urls } = JSON.parse(await venue.firstLine()) as {
  urls: Record<'ws' | 'gamma' | 'clob' | 'data' | 'sim', string>;
};
const tokens = await tokensOpen();
const recorder = stack.use(
  started('polytape', '../../cli/src/main.ts', ['start'], {
    POLYTAPE_DATA_DIR: dataDir,
    POLYMARKET_WS_URL: urls.ws,
    POLYMARKET_GAMMA_URL: urls.gamma,
    POLYMARKET_CLOB_URL: urls.clob,
    POLYMARKET_DATA_URL: urls.data,
  }),
);

const beganAt = performance.now();
const inSeconds = () => (performance.now() - beganAt) / 1_000;
const endS = Number(options.minutes) * 60;
let firstTradeS: number | null = null;
let coveredS: number | null = null;
let nextS = 0;
while (inSeconds() < endS && recorder.child.exitCode === null) {
  const sample = await taken();
  firstTradeS ??= sample.tradesStored > 0 ? sample.atS : null;
  // All but a few: markets open and close.
  coveredS ??= sample.tokensCovered > 0 && sample.tokensCovered >= 0.999 * tokens ? sample.atS : null;
  if (sample.atS >= nextS && Object.keys(sample.uses).length > 1) {
    nextS += Number(options['sample-seconds']);
    samples.push(sample);
    console.log(rendered(sample, samples.at(-2)));
    if (options.json !== undefined) writeFileSync(options.json, JSON.stringify({ firstTradeS, coveredS, samples }));
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
}
console.log(summary());

async function taken(): Promise<Sample> {
  const file = join(dataDir, 'runtime.json');
  const { pids, http } = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as { pids: Record<string, number>; http: Record<string, number> })
    : { pids: {}, http: {} };
  const uses: Sample['uses'] = {};
  // The command itself is the parent of all others.
  const { polytape: _, ...parts } = pids;
  for (const [name, pid] of Object.entries({ ...parts, 'venue-sim': venue.child.pid ?? 0 })) {
    const use = processUse(pid);
    if (use !== null) uses[name] = use;
  }
  const [ingestor, writer, scheduler] = await Promise.all(
    ['ws-ingestor-1', 'writer-1', 'scheduler-1'].map((name) => metrics(http[name])),
  );
  return {
    atS: inSeconds(),
    tokensCovered: value(ingestor, 'polytape_ingestor_tokens_covered'),
    tradesStored: value(writer, 'polytape_writer_trades_inserted_total'),
    pricesPublished: value(scheduler, 'polytape_scheduler_prices_published_total'),
    booksPublished: value(scheduler, 'polytape_scheduler_books_published_total'),
    uses,
  };
}

async function tokensOpen(): Promise<number> {
  const status = (await (await fetch(`${urls.sim}/status`)).json()) as { markets: { open: number } };
  return 2 * status.markets.open;
}

async function metrics(port: number | undefined): Promise<string> {
  if (port === undefined) return '';
  return await fetch(`http://127.0.0.1:${port}/metrics`).then(
    (response) => response.text(),
    () => '', // it does not listen yet, or is restarted
  );
}

function value(text: string | undefined, name: string): number {
  return Number(new RegExp(`^${name}(?:{[^}]*})? (\\S+)`, 'm').exec(text ?? '')?.[1] ?? 0);
}

/** `12.5 min  nats 210 MB 120 s/h  …`; CPU seconds an hour since the sample before. */
function rendered(sample: Sample, before: Sample | undefined): string {
  const hours = (sample.atS - (before?.atS ?? 0)) / 3_600;
  const uses = Object.entries(sample.uses).map(([name, { memoryBytes, cpuS }]) => {
    const rate = (cpuS - (before?.uses[name]?.cpuS ?? 0)) / hours;
    return `${name} ${Math.round(memoryBytes / 1e6)} MB ${Math.round(rate)} s/h`;
  });
  const { tokensCovered, tradesStored, pricesPublished, booksPublished } = sample;
  const done = `${tokensCovered} tokens covered, ${tradesStored} trades, ${pricesPublished} prices, ${booksPublished} books`;
  return `${(sample.atS / 60).toFixed(1).padStart(5)} min  ${uses.join('  ')}  (${done})`;
}

/** Of the second half of the run, in which everything is covered. */
function summary(): string {
  const last = samples.at(-1);
  const middle = samples[Math.floor(samples.length / 2)];
  if (last === undefined || middle === undefined || last === middle) return 'Too short for a summary.';
  const minutes = (last.atS - middle.atS) / 60;
  const ours = Object.keys(last.uses).filter((name) => name !== 'venue-sim');
  const rows = ours.map((name) => {
    const [end, start] = [last.uses[name], middle.uses[name]];
    const most = Math.max(...samples.map(({ uses }) => uses[name]?.memoryBytes ?? 0));
    return {
      name,
      mostMB: most / 1e6,
      endMB: (end?.memoryBytes ?? 0) / 1e6,
      growthMB: ((end?.memoryBytes ?? 0) - (start?.memoryBytes ?? 0)) / 1e6 / minutes,
      cpu: (((end?.cpuS ?? 0) - (start?.cpuS ?? 0)) * 60) / minutes,
    };
  });
  const sum = (of: (row: (typeof rows)[number]) => number) => rows.reduce((total, row) => total + of(row), 0);
  const all = {
    name: 'together',
    mostMB: sum(({ mostMB }) => mostMB),
    endMB: sum(({ endMB }) => endMB),
    growthMB: sum(({ growthMB }) => growthMB),
    cpu: sum(({ cpu }) => cpu),
  };
  const lines = [...rows, all].map(
    ({ name, mostMB, endMB, growthMB, cpu }) =>
      `| ${name} | ${Math.round(mostMB)} | ${Math.round(endMB)} | ${growthMB.toFixed(1)} | ${Math.round(cpu)} |`,
  );
  return `
First trade stored after ${firstTradeS?.toFixed(1) ?? 'no'} s, all tokens covered after ${coveredS?.toFixed(0) ?? 'no'} s.

| process | most MB | end MB | growth MB/min | CPU s/h |
| --- | --- | --- | --- | --- |
${lines.join('\n')}

Growth and CPU are those of the last ${minutes.toFixed(1)} minutes.`;
}

/** A command of ours as a child process; what it prints after its first line is dropped. */
function started(name: string, main: string, args: readonly string[], env: Record<string, string> = {}) {
  const child: ChildProcess = spawn(process.execPath, [fileURLToPath(import.meta.resolve(main)), ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout ?? process.stdin });
  const ended = once(child, 'close');
  return {
    child,
    async firstLine(): Promise<string> {
      const [line] = await Promise.race([once(lines, 'line'), ended]);
      if (typeof line !== 'string') throw new Error(`${name} ended with code ${line}`);
      return line;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await ended;
    },
  };
}
