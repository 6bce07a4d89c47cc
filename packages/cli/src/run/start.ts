import { join } from 'node:path';
import { Database } from '@polytape/tapedb';
import { silentLog } from '@polytape/types';
import { checkServers } from './check-servers.ts';
import { DataDir } from './data-dir.ts';
import { Recorder } from './recorder.ts';
import { type RunOptions, showLog } from './run-options.ts';
import type { RunResult } from './summary.ts';
import { venueMixture } from './venue-mixture.ts';
import { watchRecorder } from './watch-recorder.ts';

export type StartOptions = RunOptions & {
  /** Servers that are given; null: embedded. */
  natsUrl: string | null;
  databaseUrl: string | null;
  /** Of which the services are given all. */
  env: Record<string, string | undefined>;
};

/** Records the venue that the environment names, with the servers that it names; those that it does not are embedded. */
export async function start(o: StartOptions): Promise<RunResult> {
  const { terminal, signal, natsUrl, databaseUrl } = o;
  using dataDir = DataDir.take(o.dataDirPath);
  for (const warning of venueMixture(o.env)) terminal.say(warning);
  await checkServers({
    natsUrl,
    databaseUrl,
    orElse: (setting) => `, or leave ${setting} unset to have a server embedded`,
  });
  await using recorder = await Recorder.start({
    dataDir,
    area: AREA,
    natsUrl,
    databaseUrl,
    natsServerBin: o.natsServerBin,
    ingestors: o.ingestors,
    venue: null,
    env: {},
    onLog: showLog(terminal),
    say: (sentence) => terminal.say(sentence),
    signal,
  });
  const databaseOptions = { url: recorder.databaseUrl, applicationName: 'polytape', log: silentLog, signal };
  await using database = await Database.open(databaseOptions);
  await database.migrate(); // the writer does it too, and may still be at it when the run is a short one
  terminal.say(`Everything runs. The addresses are in ${join(dataDir.path, 'runtime.json')}; Ctrl-C ends it in order.`);

  const sinceUs = performance.timeOrigin * 1_000;
  const { latencies, neverReady } = await watchRecorder({
    ...{ title: 'polytape', recorder, database, venue: null, forMs: o.forMs, terminal, signal },
    afterwards: async () => {},
  });
  terminal.say('Stopping: what was received is written first.');
  const unfinished = await recorder.stopServices();
  const recorded = await database.tradeCount({ receivedSinceUs: sinceUs });
  return {
    summary: { executed: null, recorded, missing: null, duplicates: null, ...latencies },
    unfinished,
    neverReady,
    whyMissing: null,
  };
}

const AREA = 'live';
