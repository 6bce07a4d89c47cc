import { compareTape, PolytapeHome, sumOfMetric, until } from '@polytape/e2e';
import {
  type DurationHistogram,
  histogramSince,
  parsePrometheusText,
  quantile,
  readHistogram,
  sumOf,
} from '@polytape/service';
import { Client } from 'pg';
import type { RecorderUnderLoad } from './recorder-under-load.ts';

/** `polytape start` with embedded servers. Resolves once every shard is covered. */
export async function startPolytape(o: {
  venue: Record<string, string>;
  redundancy: number;
  cpuProf?: string | null;
}): Promise<RecorderUnderLoad> {
  const home = await PolytapeHome.make();
  const args = ['start', '--ingestors', `${o.redundancy}`, ...(o.cpuProf ? ['--cpu-prof', o.cpuProf] : [])];
  const command = home.spawn(args, { ...o.venue, REDUNDANCY: `${o.redundancy}` });
  const dispose = async () => {
    await command[Symbol.asyncDispose]();
    await home[Symbol.asyncDispose]();
  };
  const metric = async (name: string) => await sumOfMetric(await home.runtime(), `polytape_ingestor_${name}`);
  const covered = () =>
    until('every token covered', async () => {
      const [tokens, covered] = [await metric('tokens'), await metric('tokens_covered')];
      return (await metric('shards_connected')) >= o.redundancy && tokens > 0 && tokens === covered;
    });
  try {
    await command.line(/^Everything runs/);
    await covered();
  } catch (error) {
    await dispose();
    throw error;
  }
  const { databaseUrl, http } = await home.untilRuntime('the addresses', command, () => true);
  let committed = 0;
  let durations: DurationHistogram | undefined;
  return {
    pids: async () => (await home.runtime())?.pids ?? {},
    window: async () => {
      const answer = await fetch(`http://127.0.0.1:${http['writer-1']}/metrics`);
      const scrape = parsePrometheusText(await answer.text());
      const [before, earlier] = [committed, durations];
      committed = sumOf([scrape], 'polytape_writer_trades_inserted_total');
      durations = readHistogram(scrape, 'polytape_writer_receive_to_commit_seconds');
      const since = histogramSince(earlier, durations);
      const inMs = (q: number) => (quantile(since, q) ?? Number.NaN) * 1_000;
      return { committed: committed - before, p50Ms: inMs(0.5), p99Ms: inMs(0.99) };
    },
    stored: () => countOf(databaseUrl, 'trades'),
    compare: async (truth) => {
      const { missing, duplicates } = await compareTape(truth, databaseUrl);
      return { missing: missing.length, duplicates };
    },
    killAndRestart: async () => {
      const killed = (await home.runtime())?.pids['ws-ingestor-1'] ?? 0;
      process.kill(killed, 'SIGKILL');
      // Its supervisor starts another.
      await home.untilRuntime('another ingestor', command, ({ pids }) => (pids['ws-ingestor-1'] ?? killed) !== killed);
      await covered();
    },
    stop: async () => {
      command.signal('SIGINT');
      await command.exit();
    },
    [Symbol.asyncDispose]: dispose,
  };
}

/** Number of rows of a table. */
export async function countOf(url: string, table: string): Promise<number> {
  const client = new Client(url);
  await client.connect();
  try {
    const { rows } = await client.query<{ count: string }>(`SELECT count(*) FROM ${table}`);
    return Number(rows[0]?.count);
  } finally {
    await client.end();
  }
}
