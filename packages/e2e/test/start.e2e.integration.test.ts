import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join, relative } from 'node:path';
import { VenueSim } from '@polytape/venue-sim';
import { describe, expect, test } from 'vitest';
import {
  compareTape,
  PolytapeHome,
  type ProcessUnderTest,
  type Runtime,
  sumOfMetric,
  TestBed,
  until,
  venueEnv,
} from '../src/index.ts';

/** A venue that trades only on request, so that a test knows the time of the last trade. */
const QUIET = { markets: 20, trading: false, oddMarkets: 3 };
const TOKENS = 40;
const PACE = { DISCOVERY_INTERVAL_MS: '1000', DISCOVERY_SCAN_INTERVAL_MS: '1000' };

describe('polytape start', () => {
  test('records the venue on the servers given by the environment, and embeds nothing', async () => {
    await using bed = await TestBed.open(QUIET);
    await using home = await PolytapeHome.make();
    const env = { ...bed.env, ...PACE, REDUNDANCY: '2' }; // each of the two records every shard
    await using start = home.spawn(['start', '--for', '8s', '--ingestors', '2', '--json'], env);
    const runtime = await covered(home, start, { ingestors: 2 });
    const services = ['scheduler-1', 'writer-1', 'ws-ingestor-1', 'ws-ingestor-2'];
    expect(Object.keys(runtime.pids).sort()).toEqual(['polytape', ...services]);
    expect(runtime).not.toHaveProperty('venue');
    expect(runtime).toMatchObject({ natsUrl: bed.env.NATS_URL, databaseUrl: bed.env.DATABASE_URL });
    for (let trade = 0; trade < 200; trade += 1) bed.venue.trade();

    expect(await start.exit()).toEqual({ code: 0, signal: null });
    const { missing, duplicates, recorded } = await bed.compare();
    expect({ recorded, missing, duplicates }).toEqual({ recorded: 200, missing: [], duplicates: 0 });
    expect(JSON.parse(start.stdout.at(-1) ?? '')).toEqual({
      ...{ executed: null, recorded: 200, missing: null, duplicates: null },
      ...{ p50Ms: expect.any(Number), p99Ms: expect.any(Number), firstTradeMs: expect.any(Number) },
    });
    expect(await home.runtime()).toBeNull();
  }, 120_000);

  test('keeps the data of earlier runs on its own servers', async () => {
    await using venue = await VenueSim.start(QUIET);
    await using home = await PolytapeHome.make();
    for (const run of [1, 2]) {
      await using start = home.spawn(['start', '--for', '10m', '--json'], { ...venueEnv(venue), ...PACE });
      const { databaseUrl, pids } = await covered(home, start);
      expect(Object.keys(pids)).toEqual(expect.arrayContaining(['nats', 'postgres']));
      await start.line(/^Everything runs/); // an earlier interruption would end it without a summary
      for (let trade = 0; trade < 50; trade += 1) venue.trade();
      const tape = await until(`the trades of run ${run} in the database`, async () => {
        const comparison = await compareTape(venue.ledger(), databaseUrl);
        return comparison.missing.length === 0 ? comparison : null;
      });
      expect(tape).toMatchObject({ executed: 50 * run, recorded: 50 * run, duplicates: 0 });
      start.signal('SIGINT');
      expect(await start.exit()).toEqual({ code: 0, signal: null });
      expect(JSON.parse(start.stdout.at(-1) ?? '')).toMatchObject({ recorded: 50 });
    }
  }, 120_000);

  test.runIf(process.platform === 'linux')(
    'keeps recording and restarting services while its terminal reads nothing (tested on Linux only)',
    async () => {
      await using bed = await TestBed.open(QUIET);
      await using home = await PolytapeHome.make();
      const env = { ...bed.env, ...PACE, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(TALK)}` };
      await using terminal = home.spawn(['start', '--for', '10m'], env, { terminal: true });
      const runtime = await covered(home, terminal);
      await terminal.line(/Everything runs/);
      const recorded = async () => {
        const { transactionHash } = bed.venue.trade();
        await until(
          'the trade in the database',
          async () => Object.keys(await bed.probe.tradesByHash([transactionHash ?? ''])).length,
        );
      };
      terminal.signal('SIGSTOP');
      const logSize = async () => (await stat(join(home.path, 'live', 'logs', 'ws-ingestor-1.log'))).size;
      const before = await logSize();
      // A pipe buffers 64 KiB, a terminal a few KiB.
      await until('a megabyte more in the log', async () => (await logSize()) - before > 1024 * 1024);
      await recorded();
      const writer = runtime.pids['writer-1'] ?? 0;
      process.kill(writer, 'SIGKILL');
      await home.untilRuntime('another writer', terminal, async ({ pids }) => (pids['writer-1'] ?? writer) !== writer);
      await recorded();

      terminal.signal('SIGCONT');
      process.kill(runtime.pids.polytape ?? 0, 'SIGTERM');
      expect(await terminal.exit()).toEqual({ code: 0, signal: null });
      expect(terminal.stdout.join('\n')).toMatch(/\(\d+ lines were dropped here\.\)/);
    },
    120_000,
  );

  test('reports in one line that the venue is unreachable, keeps trying, and records as soon as possible', async () => {
    await using bed = await TestBed.open(QUIET);
    await using home = await PolytapeHome.make();
    const port = await closedPort();
    const address = `127.0.0.1:${port}`;
    const nobody = { ws: `ws://${address}/ws/market`, gamma: `http://${address}`, clob: '', data: '', sim: '' };
    const env = { ...bed.env, ...venueEnv({ urls: nobody }), ...PACE };
    await using start = home.spawn(['start', '--for', '10m', '--json'], env);
    const line = await start.line(new RegExp(`${address}.* Trying again`));
    expect(line).toMatch(/: connection refused\./);
    expect(line).toMatch(/Trying again in \d/);
    expect(line).toMatch(/`npx pnpm demo` works offline/);
    // It prints figures every 5 s, so it has tried more than once by then.
    await start.line(/^00:(0[5-9]|[1-5]\d) {2}recorded 0 /);
    expect(start.stderr.filter((text) => text.includes('Trying again'))).toEqual([line]);

    await using venue = await VenueSim.start({ ...QUIET, port });
    await covered(home, start);
    const { transactionHash } = venue.trade();
    await until(
      'its first trade recorded',
      async () => Object.keys(await bed.probe.tradesByHash([transactionHash ?? ''])).length,
    );
    start.signal('SIGTERM');
    expect(await start.exit()).toEqual({ code: 0, signal: null });
  }, 120_000);

  test('fails with the reason after --for if it has recorded nothing without a venue', async () => {
    await using bed = await TestBed.open(QUIET);
    await using home = await PolytapeHome.make();
    const address = `127.0.0.1:${await closedPort()}`;
    const nobody = { ws: `ws://${address}/ws/market`, gamma: `http://${address}`, clob: '', data: '', sim: '' };
    await using start = home.spawn(['start', '--for', '3s', '--json'], {
      ...{ ...bed.env, ...venueEnv({ urls: nobody }) },
      POLYTAPE_DATA_DIR: relative(process.cwd(), home.path),
    });
    expect(await start.exit()).toEqual({ code: 1, signal: null });
    expect(start.stderr[0]).toMatch(
      /^Two venues are mixed: .*POLYMARKET_CLOB_URL is not set.* and POLYMARKET_DATA_URL is not set.* Set all four/,
    );
    const failed = start.stderr.find((line) => line.startsWith('Failed:'));
    expect(failed).toMatch(
      /^Failed: Nothing was recorded\. Services that were never ready: scheduler-1: .*connection refused/,
    );
    expect(failed?.endsWith(`. The logs are in ${join(home.path, 'live', 'logs')}.`)).toBe(true);
    expect(JSON.parse(start.stdout.at(-1) ?? '')).toMatchObject({ recorded: 0, firstTradeMs: null });
  }, 120_000);

  test('rejects a malformed address of the venue in one line, before it starts a server', async () => {
    await using home = await PolytapeHome.make();
    await using start = home.spawn(['start', '--for', '10m'], { POLYMARKET_WS_URL: 'https://example.org' });
    expect(await start.exit()).toEqual({ code: 1, signal: null });
    expect(start.stderr).toEqual([
      expect.stringMatching(/POLYMARKET_WS_URL is "https:\/\/example\.org", but must be.*wss:\/\//),
    ]);
    expect(start.stderr.join()).not.toMatch(/\.\./);
    expect(start.stdout.filter((line) => line.startsWith('Starting'))).toEqual([]);
  }, 120_000);
});

/** Makes a service log a hundred lines of 1 KiB a second, which the terminal shows. */
const TALK = `
  import { writeSync } from 'node:fs';
  const line = JSON.stringify({ level: 'warn', service: 'talker', msg: 'x'.repeat(1024) }) + '\\n';
  if (process.argv[1].includes('ws-ingestor') && process.argv[2] === undefined) setInterval(() => writeSync(1, line), 10).unref();
`;

/** Waits until every ingestor of the run has the first book of every token, and the writer has started. */
async function covered(home: PolytapeHome, command: ProcessUnderTest, o = { ingestors: 1 }): Promise<Runtime> {
  return await home.untilRuntime('every token covered', command, async (runtime) => {
    return (
      'writer-1' in runtime.pids &&
      (await sumOfMetric(runtime, 'polytape_ingestor_tokens_covered')) === TOKENS * o.ingestors
    );
  });
}

/** A free port on loopback. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
