import { Bus, type StreamName, TOPOLOGY } from '@polytape/bus';
import { silentLog } from '@polytape/resilience';
import { Database } from '@polytape/tapedb';
import { type Preparation, type TestDatabase, type TestNats, testDatabase, testNats } from '@polytape/test-servers';
import type { Trade } from '@polytape/types';
import { type TruthTrade, VenueSim, type VenueSimOptions } from '@polytape/venue-sim';
import { DatabaseProbe } from './database-probe.ts';
import { multisetDifference } from './multiset-difference.ts';
import { type ServiceName, ServiceUnderTest } from './service-under-test.ts';
import { compareTape, type TapeComparison } from './tape-comparison.ts';
import { until } from './until.ts';

/**
 * The environment of one test: a simulated venue in this process, its own NATS and database, and the services that it starts.
 * Everything stops when it goes out of scope, the services first.
 */
export class TestBed implements AsyncDisposable {
  readonly venue: VenueSim;
  readonly nats: TestNats;
  readonly probe: DatabaseProbe;
  /** The test's own connection to JetStream. */
  readonly bus: Bus;
  readonly #database: TestDatabase;
  readonly #resources: AsyncDisposableStack;

  static async open(venueOptions: VenueSimOptions): Promise<TestBed> {
    await using resources = new AsyncDisposableStack();
    const database = resources.use(await testDatabase(MIGRATED));
    const nats = resources.use(await testNats());
    const venue = resources.use(await VenueSim.start({ trading: false, ...venueOptions }));
    const probe = resources.use(new DatabaseProbe(database.url));
    const signal = AbortSignal.timeout(CONNECT_MS_MAX);
    const bus = resources.use(await Bus.connect({ url: nats.url, name: 'e2e', log: silentLog, signal }));
    return new TestBed({ venue, nats, probe, bus, database, resources: resources.move() });
  }

  private constructor(parts: {
    venue: VenueSim;
    nats: TestNats;
    probe: DatabaseProbe;
    bus: Bus;
    database: TestDatabase;
    resources: AsyncDisposableStack;
  }) {
    this.venue = parts.venue;
    this.nats = parts.nats;
    this.probe = parts.probe;
    this.bus = parts.bus;
    this.#database = parts.database;
    this.#resources = parts.resources;
  }

  /** Settings that point a service or the `polytape` command at this venue and these servers. */
  get env(): Record<string, string> {
    return { ...venueEnv(this.venue), NATS_URL: this.nats.url, DATABASE_URL: this.#database.url };
  }

  /** Starts a service, which stops with the test bed at the latest. */
  async start(service: ServiceName, env: Record<string, string> = {}): Promise<ServiceUnderTest> {
    const pace = { DISCOVERY_INTERVAL_MS: '1000', DISCOVERY_SCAN_INTERVAL_MS: '1000', CONNECT_PACE_MS: '10' };
    return this.#resources.use(await ServiceUnderTest.start(service, { ...pace, ...this.env, ...env }));
  }

  /** Starts a writer, a scheduler, and one ingestor, and waits until it covers the whole plan. */
  async startRecorder(
    o: { scheduler?: Record<string, string>; ingestor?: Record<string, string> } = {},
  ): Promise<{ scheduler: ServiceUnderTest; ingestor: ServiceUnderTest }> {
    const [scheduler] = await Promise.all([this.start('scheduler', o.scheduler), this.start('writer')]);
    await scheduler.ready();
    const ingestor = await this.start('ws-ingestor', o.ingestor);
    await this.covered(ingestor, scheduler);
    return { scheduler, ingestor };
  }

  /** Resolves with the time at which this ingestor has the first book of every token in the plan. */
  async covered(ingestor: ServiceUnderTest, scheduler: ServiceUnderTest): Promise<number> {
    return await until('all tokens of the plan covered', async () => {
      const planned = await scheduler.metric('polytape_scheduler_tokens');
      const covered = await ingestor.metric('polytape_ingestor_tokens_covered');
      return planned !== null && planned > 0 && covered === planned ? Date.now() : null;
    });
  }

  /** Trades that the venue sent to no socket, although the token's book had been sent before. */
  get sentToNobody(): TruthTrade[] {
    return this.venue.ledger().filter(({ subscribed, sockets }) => subscribed && sockets === 0);
  }

  /**
   * Stops trading, and resolves when everything that these ingestors were sent is in the log and in the database. A frame with
   * an unknown event, which they keep as unparsed, marks the end of what they were sent.
   */
  async drained(...ingestors: ServiceUnderTest[]): Promise<void> {
    await this.venue.stopTrading();
    const unparsed = () => sumOf(ingestors, 'polytape_ingestor_unparsed_total');
    const before = await unparsed();
    const sockets = this.venue.send('{"event_type":"end_of_test"}');
    await until('the last frame read by every ingestor', async () => (await unparsed()) >= before + sockets);
    await until('everything received acknowledged', async () => {
      const waiting = ['publish_queued', 'publish_unacknowledged', 'unparsed_queued'];
      const sums = waiting.map((name) => sumOf(ingestors, `polytape_ingestor_${name}`));
      return (await Promise.all(sums)).every((sum) => sum === 0);
    });
    await this.stored('TRADES');
    await this.stored('UNPARSED');
  }

  /** Kills NATS (SIGKILL) until `over` is called or this goes out of scope. */
  async brokerAway(): Promise<AsyncDisposable & { over(): Promise<void> }> {
    await this.nats.kill();
    let back: Promise<void> | undefined;
    const over = () => {
      back ??= this.nats.start();
      return back;
    };
    return { over, [Symbol.asyncDispose]: over };
  }

  /**
   * Builds a second database from the log with a writer of its own. Resolves when it has reached the end of every stream. Both
   * stop with the test bed.
   */
  async rebuilt(): Promise<DatabaseProbe> {
    const database = this.#resources.use(await testDatabase(MIGRATED));
    const probe = this.#resources.use(new DatabaseProbe(database.url));
    await this.start('writer', { DATABASE_URL: database.url });
    for (const stream of Object.keys(TOPOLOGY.streams)) await this.stored(stream as StreamName, probe);
    return probe;
  }

  /** Resolves when the database has reached the end of the stream. */
  async stored(stream: StreamName, probe = this.probe): Promise<void> {
    let seen = '';
    await until(
      `${stream} stored to its end`,
      async () => {
        const { lastSequence } = await this.bus.streamState(stream);
        const position = await probe.position(stream);
        seen = `The stream ends at ${lastSequence}, the database at ${position}.`;
        return position === lastSequence;
      },
      { seen: () => seen },
    );
  }

  /** Resolves when this number of further trades is in the database. */
  async recorded(more: number): Promise<void> {
    const before = await this.probe.position('TRADES');
    await until(`${more} more trades recorded`, async () => (await this.probe.position('TRADES')) >= before + more);
  }

  /** Compares the database with the venue's ledger. */
  async compare(): Promise<TapeComparison> {
    return await compareTape(this.venue.ledger(), this.#database.url);
  }

  /** Counts the differences between the database and the venue's ledger. */
  async outcome(): Promise<{ missing: number; duplicates: number }> {
    const { missing, duplicates } = await this.compare();
    return { missing: missing.length, duplicates };
  }

  /**
   * Compares the database with the stream TRADES, trade by trade. Nothing may be written meanwhile.
   */
  async compareWithLog(): Promise<{ inLog: number; missing: string[]; surplus: string[] }> {
    const inLog = await this.#tradesInLog();
    const inDatabase = await this.probe.tradeKeys();
    return {
      inLog: inLog.length,
      missing: multisetDifference(inLog, inDatabase),
      surplus: multisetDifference(inDatabase, inLog),
    };
  }

  async #tradesInLog(): Promise<string[]> {
    const { lastSequence } = await this.bus.streamState('TRADES');
    const keys: string[] = [];
    if (lastSequence === 0) return keys;
    const limits = { rowsMax: 5_000, ageMsMax: 50, signal: AbortSignal.timeout(CONNECT_MS_MAX) };
    for await (const { messages } of this.bus.readBatches('TRADES', null, limits)) {
      for (const { body } of messages) {
        const { tokenId, exchangeAtMs, tradeId } = JSON.parse(Buffer.from(body).toString()) as Trade;
        keys.push(`${tokenId} ${exchangeAtMs} ${tradeId}`);
      }
      if ((messages.at(-1)?.sequence ?? 0) >= lastSequence) break;
    }
    return keys;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}

/** The four addresses of a venue. */
export function venueEnv({ urls }: Pick<VenueSim, 'urls'>): Record<string, string> {
  return {
    POLYMARKET_WS_URL: urls.ws,
    POLYMARKET_GAMMA_URL: urls.gamma,
    POLYMARKET_CLOB_URL: urls.clob,
    POLYMARKET_DATA_URL: urls.data,
  };
}

async function sumOf(services: readonly ServiceUnderTest[], metric: string): Promise<number> {
  const values = await Promise.all(services.map((service) => service.metric(metric)));
  return values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
}

/** The writer would migrate an empty database, too, but each time anew. */
const MIGRATED: Preparation = {
  name: 'best_edition',
  async prepare(url) {
    const signal = AbortSignal.timeout(CONNECT_MS_MAX);
    await using database = await Database.open({ url, applicationName: 'e2e', log: silentLog, signal });
    await database.migrate();
  },
};

const CONNECT_MS_MAX = 60_000;
