import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Bus, type Publisher } from '@polytape/bus';
import { FailureLog, silentLog } from '@polytape/resilience';
import {
  ShardConnection,
  type ShardConnectionOptions,
  type SharedParts,
} from '../../../services/ws-ingestor/src/connection/shard-connection.ts';
import { newCounters } from '../../../services/ws-ingestor/src/ingestor-counters.ts';
import type { Bench } from './bench.ts';
import { type Figure, figureOf, RUNS } from './measure.ts';
import { TOKENS } from './sample-frames.ts';

/**
 * What one core of an ingestor receives and publishes: from the venue's socket up to the publisher, and with the publisher up to the
 * broker's socket. The rates are per second of this process's CPU time; venue and broker run in processes of their own.
 */
export async function benchIngestor(bench: Bench): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const [name, tradesIn, unit] of MIXES) {
    figures.push(await receive(`${name}, up to the publisher`, unit, tradesIn, NOBODY));
  }
  const { url } = await bench.nats();
  const signal = new AbortController().signal;
  await using bus = await Bus.connect({ url, name: 'bench', log: silentLog, signal });
  await bus.reconcile(signal);
  for (const [name, tradesIn, unit] of MIXES) {
    await using publisher = bus.publisher({ unacknowledgedMax: 4_000, queueMax: 50_000 });
    figures.push(await receive(`${name}, up to the broker`, unit, tradesIn, publisher));
  }
  return figures;
}

type Receiver = Pick<Publisher, 'publish'> & Partial<Pick<Publisher, 'onFull' | 'onRoom'>>;

async function receive(name: string, unit: string, tradesIn: number, publisher: Receiver): Promise<Figure> {
  const venue = fork(fileURLToPath(import.meta.resolve('./frame-venue.ts')), [String(tradesIn)], { execArgv: [] });
  const [{ port }] = (await once(venue, 'message')) as [AddressInfo];
  const counters = newCounters();
  const clock = { nowMs: 0 };
  const ticking = setInterval(() => (clock.nowMs += 100), 100);
  const connection = new ShardConnection({
    shared: {
      url: `ws://127.0.0.1:${port}/ws/market`,
      ingestorId: 'bench-1',
      publisher: publisher as Publisher,
      unparsedPublisher: { take: () => {} } as unknown as SharedParts['unparsedPublisher'],
      counters,
      outage: new FailureLog(silentLog),
      pace: { reserve: (nowMs) => nowMs },
      readingClock: clock,
    },
    limits: { firstBookTimeoutMs: 5_000, frameBytesMax: 2 ** 20 },
    ...{ shard: 0, tokenIds: TOKENS, hearsLifecycle: false, isPaused: false },
    log: silentLog as ShardConnectionOptions['log'],
    listener: { opened: () => {}, serviceChanged: () => {}, firstBook: () => {}, dumpTooLarge: () => {} },
  });
  publisher.onFull?.(() => connection.pause());
  publisher.onRoom?.(() => connection.resume());
  const rates: number[] = [];
  for (let run = 0; run <= RUNS; run += 1) {
    const units = () => (unit === 'trades' ? counters.trades : counters.frames);
    const [before, cpu] = [units(), process.cpuUsage()];
    await new Promise((resolve) => setTimeout(resolve, RUN_MS));
    const { user, system } = process.cpuUsage(cpu);
    if (run > 0) rates.push((units() - before) / ((user + system) / 1e6));
  }
  clearInterval(ticking);
  await stopped(venue);
  await connection[Symbol.asyncDispose]();
  return figureOf(name, `${unit}/s`, 'more', rates);
}

async function stopped(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill();
  await ended;
}

/** Takes the messages and does nothing with them. */
const NOBODY: Receiver = { publish: () => {} };

const MIXES: [string, number, 'frames' | 'trades'][] = [
  ['one trade in 25 frames', 25, 'frames'],
  ['trades and their books', 2, 'trades'],
  ['trades alone', 1, 'trades'],
];
const RUN_MS = 1_000;
