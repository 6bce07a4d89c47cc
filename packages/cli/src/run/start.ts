import { checkServers } from './check-servers.ts';
import { DataDir } from './data-dir.ts';
import { mixedVenueWarning } from './mixed-venue.ts';
import { Recorder } from './recorder.ts';
import { type RunOptions, showLog } from './run-options.ts';
import type { RunResult } from './summary.ts';
import { watchRecorder } from './watch-recorder.ts';

export type StartOptions = RunOptions & {
  /** Servers to use; null starts an embedded one. */
  natsUrl: string | null;
  databaseUrl: string | null;
  /** Passed on to the services as a whole. */
  env: Record<string, string | undefined>;
};

/** Records the venue that the environment names, on the servers that it names or on embedded ones. */
export async function start(o: StartOptions): Promise<RunResult> {
  const { terminal, signal, natsUrl, databaseUrl } = o;
  using dataDir = DataDir.take(o.dataDirPath);
  const warning = mixedVenueWarning(o.env);
  if (warning !== null) terminal.say(warning);
  await checkServers({
    natsUrl,
    databaseUrl,
    orElse: (setting) => `, or unset ${setting} to use an embedded server`,
  });
  await using recorder = await Recorder.start({
    dataDir,
    area: AREA,
    natsUrl,
    databaseUrl,
    natsServerBin: o.natsServerBin,
    ingestors: o.ingestors,
    cpuProfDir: o.cpuProfDir,
    venue: null,
    env: {},
    onLog: showLog(terminal),
    say: (sentence) => terminal.say(sentence),
    signal,
  });
  const { database } = recorder;

  const sinceUs = performance.timeOrigin * 1_000;
  const { latencies, neverReady } = await watchRecorder({
    ...{ title: 'polytape', recorder, database, venue: null, forMs: o.forMs, terminal, signal },
    afterwards: async () => {},
  });
  terminal.say('Stopping after all received trades are written.');
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
