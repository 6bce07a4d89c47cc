import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { shownPlural } from '../operator/shown-value.ts';
import { DataDir } from './data-dir.ts';
import { Recorder } from './recorder.ts';
import { type RunOptions, showLog } from './run-options.ts';
import { SimulatedVenue } from './simulated-venue.ts';
import type { RunResult } from './summary.ts';
import { TruthComparer } from './truth-comparison.ts';
import { untilWritten } from './until-written.ts';
import { watchRecorder } from './watch-recorder.ts';

export type DemoOptions = RunOptions & { markets: number; tradesPerSecond: number; seed: string };

/**
 * Records a simulated venue on embedded servers, then compares the database with the trades that the venue executed. Each
 * run begins with an empty database. A live recording in the same data directory stays untouched.
 */
export async function demo(o: DemoOptions): Promise<RunResult> {
  const { terminal, signal } = o;
  using dataDir = DataDir.take(o.dataDirPath);
  rmSync(join(dataDir.path, AREA), { recursive: true, force: true });
  const logs = dataDir.directory(AREA, 'logs');
  const ledgerPath = join(dataDir.directory(AREA), 'truth.jsonl');

  terminal.say(
    `Simulating a venue with ${shownPlural(o.markets, 'market')} and ${shownPlural(o.tradesPerSecond, 'trade')} a second.`,
  );
  const opening = SimulatedVenue.start({ ...o, ledgerPath, logs, onLog: showLog(terminal) });
  // Closed after the recorder has stopped, so that no service misses it.
  await using _venue = {
    [Symbol.asyncDispose]: async () => (await opening.catch(() => null))?.[Symbol.asyncDispose](),
  };
  await using recorder = await Recorder.start({
    dataDir,
    area: AREA,
    natsUrl: null,
    databaseUrl: null,
    natsServerBin: o.natsServerBin,
    ingestors: o.ingestors,
    cpuProfDir: o.cpuProfDir,
    venue: opening,
    env: PACE,
    onLog: showLog(terminal),
    say: (sentence) => terminal.say(sentence),
    signal,
  });
  const venue = await opening;
  const { database } = recorder;

  let inHand = 0;
  const { latencies, neverReady } = await watchRecorder({
    ...{ title: 'polytape demo', recorder, database, venue, forMs: o.forMs, terminal, signal },
    afterwards: async () => {
      await venue.stopTrading();
      terminal.say('The venue has stopped trading. Waiting for the last trades, then comparing.');
      const say = (sentence: string) => terminal.say(sentence);
      inHand = await untilWritten({ venue, database, natsUrl: recorder.natsUrl, say, signal });
    },
  });
  const unfinished = await recorder.stopServices();
  const comparer = new TruthComparer();
  await venue.tellTruth(comparer);
  for await (const { exchangeAtMs, count, ...trade } of database.recordedTrades()) {
    for (let i = 0; i < count; i += 1) comparer.recorded({ ...trade, timestampMs: exchangeAtMs });
  }
  const { slow: cutAsSlow } = await venue.counts();
  const { unheard, ...comparison } = comparer.result();
  return {
    summary: { ...comparison, ...latencies },
    unfinished,
    neverReady,
    whyMissing: { inHand, cutAsSlow, unheard },
  };
}

const AREA = 'demo';
/** A demo is short, so jobs that normally run every few minutes run every few seconds. */
const PACE = {
  DISCOVERY_INTERVAL_MS: '2000',
  DISCOVERY_SCAN_INTERVAL_MS: '10000',
  PRICES_INTERVAL_MS: '5000',
  BOOKS_INTERVAL_MS: '10000',
  RESOLUTIONS_INTERVAL_MS: '2000',
};
