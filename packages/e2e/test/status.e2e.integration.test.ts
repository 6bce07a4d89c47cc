import { describe, expect, test } from 'vitest';
import {
  PolytapeHome,
  type ProcessUnderTest,
  type ServiceUnderTest,
  spawnPolytape,
  TestBed,
  until,
} from '../src/index.ts';

/** Prevents scans and events from discovering a new market during the test. */
const DEAF = { DISCOVERY_INTERVAL_MS: '3600000', DISCOVERY_SCAN_INTERVAL_MS: '3600000' };

describe('the commands for a running recorder', () => {
  test('show its state, subscribe to a market before its discovery, and replace a connection without a gap', async () => {
    await using bed = await TestBed.open({ markets: 20, tradesPerSecond: 100, openPerMinute: 0, closePerMinute: 0 });
    await bed.start('writer');
    const scheduler = await bed.start('scheduler', { ...DEAF, SHARD_TOKENS_TARGET: '30' });
    const ingestor = await bed.start('ws-ingestor', { LIFECYCLE_SHARDS: '0', OVERLAP_MS: '500' });
    await bed.covered(ingestor, scheduler);
    bed.venue.startTrading();
    await ingestor.untilMetric('polytape_ingestor_trades_total', (trades) => trades > 0);

    const before = await until('trades in the status', async () => {
      const report = await status(bed);
      return report.figures.tradesWritten > 0 && report;
    });
    expect(before.figures).toMatchObject({ activeConnections: 2, reconnections: 0, lastReconnectAtMs: null });
    expect(before.figures.tradesReceived).toBeGreaterThanOrEqual(before.figures.tradesWritten);
    expect(before.services.map(({ service }) => service).sort()).toEqual(['scheduler', 'writer', 'ws-ingestor']);
    const text = (await ended(polytape(bed, 'status'), 0)).stdout.join('\n');
    for (const name of FIGURES) expect(text).toMatch(new RegExp(`^${name} +\\S`, 'm'));
    expect(text).toMatch(/^ +0 +\S+ +covered +30 +30 +0 +0 % +0$/m);
    expect(text).not.toMatch(/^!/m);

    const [opened] = bed.venue.openMarkets(1);
    const { conditionId = '', slug = '', tokenIds } = opened ?? {};
    const subscribed = await ended(polytape(bed, 'subscribe', slug), 0);
    expect(subscribed.stdout.join('\n')).toMatch(/is recorded in shard 1; the first book of both tokens has arrived/);
    expect(bed.venue.trade({ tokenId: tokenIds?.[0] ?? '' })).toMatchObject({ subscribed: true });
    expect(await scheduler.metric('polytape_scheduler_tokens')).toBe(42);
    const again = await ended(polytape(bed, 'subscribe', conditionId, '--json'), 0);
    expect(JSON.parse(again.stdout.at(-1) ?? '')).toMatchObject({ conditionId, tokenIds, shard: 1, firstBook: 'came' });

    const [old] = connectionsOf(before, 0);
    const recycled = await ended(polytape(bed, 'recycle', '0'), 0);
    expect(recycled.stdout[0]).toContain(`is replacing connection ${old}`);
    const after = await status(bed);
    expect(after.figures).toMatchObject({ reconnections: 0, recycled: 1, lastReconnectAtMs: null });
    expect(connectionsOf(after, 0)).toHaveLength(1);
    expect(connectionsOf(after, 0)).not.toContain(old);
    expect(connectionsOf(after, 1)).toEqual(connectionsOf(before, 1));
    await bed.drained(ingestor);
    const [writer] = (await status(bed)).services.filter(({ service }) => service === 'writer');
    expect(writer?.streams).toContainEqual({ stream: 'TRADES', behind: 0 });
    expect(await bed.compare()).toMatchObject({ missing: [], duplicates: 0 });
  }, 180_000);

  test('survive a short outage of NATS, or report a longer one', async ({ skip }) => {
    await using bed = await TestBed.open({ markets: 3, tradesPerSecond: 0, openPerMinute: 0, closePerMinute: 0 });
    skip(!bed.nats.canRestart, 'the server is not ours to end');
    const scheduler = await bed.start('scheduler', DEAF);
    const ingestor = await bed.start('ws-ingestor', { OVERLAP_MS: '20000' });
    await bed.covered(ingestor, scheduler);
    await using watch = polytape(bed, 'status', '--watch');
    await using recycling = polytape(bed, 'recycle', '0', '--wait', '60s');
    const looks = () => watch.stdout.filter((line) => line.startsWith('trades received')).length;
    await until('both at work', () => looks() > 0 && recycling.stdout.length > 0);
    await using outage = await bed.brokerAway();
    await until('told', () => watch.stdout.some((line) => line.startsWith('NATS does not answer')));
    expect(recycling.running).toBe(true);
    await outage.over();
    const before = looks();
    await until('seen again', () => looks() > before);
    await ended(recycling, 0);
    watch.signal('SIGINT');
    await ended(watch, 0);
  }, 180_000);

  test('explain what they cannot do', async () => {
    await using bed = await TestBed.open({ markets: 3, tradesPerSecond: 0, openPerMinute: 0, closePerMinute: 0 });
    const scheduler = await bed.start('scheduler', DEAF);
    const ingestor = await bed.start('ws-ingestor');
    await bed.covered(ingestor, scheduler);

    expect(await failure(polytape(bed, 'recycle', '77'))).toMatch(/No ingestor records shard 77/);
    expect(await failure(polytape(bed, 'subscribe', 'no-such-market'))).toMatch(/Gamma has no market with the slug/);
    const refused = await ended(polytape(bed, 'subscribe', 'no-such-market', '--json'), 1);
    expect(JSON.parse(refused.stdout.join())).toEqual({ refused: expect.stringMatching(/Gamma has no market/) });
    const [closing] = bed.venue.openMarkets(1);
    bed.venue.closeMarket(closing?.conditionId ?? '');
    expect(await failure(polytape(bed, 'subscribe', closing?.slug ?? ''))).toMatch(
      /Not subscribed: the market is closed: .*[?!.]$/,
    );
    expect(await failure(polytape(bed, 'subscribe', 'https://a.b/c'))).toMatch(/a token id, a condition id/);
    expect((await ended(polytape(bed, 'status'), 0)).stdout.join('\n')).toMatch(/^! No writer answers/m);
    await using watch = polytape(bed, 'status', '--watch');
    await until('a second look', () => watch.stdout.filter((line) => line.startsWith('trades received')).length > 1);
    watch.signal('SIGINT');
    await ended(watch, 0);
    await ended(polytape(bed, 'recycle', 'seven'), 2);
    await ended(polytape(bed, 'subscribe'), 2);

    await stopped(scheduler);
    expect(await failure(polytape(bed, 'subscribe', 'no-such-market'))).toMatch(/No scheduler leads/);
    await stopped(ingestor);
    expect(await failure(polytape(bed, 'status'))).toMatch(/no polytape service answers/);
    expect(await failure(polytape(bed, 'recycle', '0'))).toMatch(/No ingestor answers/);
    await using home = await PolytapeHome.make();
    // A checkout may have a .env for docker compose.
    const env = { COMPOSE_ENV_FILES: '/dev/null' };
    expect(await failure(home.spawn(['status'], env))).toMatch(/No recorder runs here/);
  }, 180_000);
});

type Report = {
  figures: { tradesReceived: number; tradesWritten: number } & Record<string, unknown>;
  services: {
    service: string;
    streams?: unknown[];
    shards?: { shard: number; connections: { connectionId: string }[] }[];
  }[];
};

const FIGURES = [
  ...['trades received', 'trades written', 'batches written', 'active connections', 'reconnections'],
  ...['recycled', 'queue depth', 'last trade', 'last write', 'last reconnect', 'started'],
];

function polytape(bed: TestBed, ...args: string[]): ProcessUnderTest {
  return spawnPolytape(args, bed.env);
}

async function status(bed: TestBed): Promise<Report> {
  const { stdout } = await ended(polytape(bed, 'status', '--json'), 0);
  return JSON.parse(stdout.at(-1) ?? '') as Report;
}

function connectionsOf({ services }: Report, number: number): string[] {
  return services
    .flatMap(({ shards }) => shards ?? [])
    .filter(({ shard }) => shard === number)
    .flatMap(({ connections }) => connections.map(({ connectionId }) => connectionId));
}

async function ended(command: ProcessUnderTest, code: number): Promise<ProcessUnderTest> {
  await using _command = command;
  const exit = await command.exit();
  expect({ ...exit, stderr: code === 0 ? command.stderr : [] }).toEqual({ code, signal: null, stderr: [] });
  return command;
}

/** The error output of a failed command. */
async function failure(command: ProcessUnderTest): Promise<string> {
  return (await ended(command, 1)).stderr.join('\n');
}

async function stopped({ process }: ServiceUnderTest): Promise<void> {
  process.signal('SIGTERM');
  await process.exit();
}
