import { Bus, type Publisher } from '@polytape/bus';
import type { Logger } from '@polytape/service';
import { type TestNats, testNats } from '@polytape/test-servers';
import { decodeUnparsed, type Shard, type ShardService, type Unparsed } from '@polytape/types';
import { type MarketReference, VenueSim, type VenueSimOptions } from '@polytape/venue-sim';
import { expect } from 'vitest';
import { type IngestorCounters, newCounters } from '../../src/ingestor-counters.ts';
import { UnparsedPublisher } from '../../src/publishing/unparsed-publisher.ts';
import type { RecorderStatus } from '../../src/recording/shard-recorder.ts';
import { ShardRecorders, type ShardRecordersOptions } from '../../src/recording/shard-recorders.ts';

type LogLine = { level: string; fields: Record<string, unknown>; sentence: string };

/** Scaled-down times. What most tests are not about does not happen. */
const QUICK = {
  connectPaceMs: 0,
  recyclesMax: 2,
  redundancy: 1,
  lifecycleShards: 0,
  firstBookTimeoutMs: 5_000, // a shorter one passes on a slow machine although the books are coming
  frameBytesMax: 128 * 1024 ** 2,
  overlapMs: 150,
  pollutionMax: 0.3,
  ageMsMin: 400,
  ageMsMax: 3_600_000,
  stallMsMin: 600_000,
  stallMsMax: 600_000,
};

/**
 * The recorders of one ingestor, with a simulated venue, a real broker and the test's plan. The bed runs them every few
 * milliseconds, as the ingestor does every half second.
 */
export class RecorderBed implements AsyncDisposable {
  readonly venue: VenueSim;
  readonly nats: TestNats;
  readonly bus: Bus;
  readonly counters: IngestorCounters = newCounters();
  readonly logged: LogLine[] = [];
  readonly plan = new Map<number, Shard>();
  /** When another replacement may begin, as the recorders said last. */
  nextRecycleInMs = Number.POSITIVE_INFINITY;
  readonly #stack: AsyncDisposableStack;
  readonly #publisher: Publisher;
  readonly #unparsedPublisher: UnparsedPublisher;
  readonly #recorders: ShardRecorders;
  readonly #waiting = new Set<() => void>();
  /** The venue's open markets, as they were at the start. */
  readonly #markets: MarketReference[];

  /** @param o.plan The markets of each shard, as indices of the venue's open markets. */
  static async start(o: {
    venue?: VenueSimOptions;
    plan: Record<number, number[]>;
    recorders?: Partial<typeof QUICK>;
    queueMax?: number;
    unparsedQueueMax?: number;
  }): Promise<RecorderBed> {
    const stack = new AsyncDisposableStack();
    try {
      const venue = stack.use(
        await VenueSim.start({ markets: 20, oddMarkets: 0, trading: false, ...QUIET, ...o.venue }),
      );
      const nats = stack.use(await testNats());
      const log = recordingLog([]);
      const bus = stack.use(
        await Bus.connect({ url: nats.url, name: 'test', log, signal: new AbortController().signal }),
      );
      await bus.reconcile(new AbortController().signal);
      return new RecorderBed({
        venue,
        nats,
        bus,
        queueMax: o.queueMax ?? 50_000,
        unparsedQueueMax: o.unparsedQueueMax ?? 1_000,
        stack,
        plan: o.plan,
        recorders: o.recorders ?? {},
      });
    } catch (error) {
      await stack[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(o: {
    venue: VenueSim;
    nats: TestNats;
    bus: Bus;
    queueMax: number;
    unparsedQueueMax: number;
    stack: AsyncDisposableStack;
    plan: Record<number, number[]>;
    recorders: Partial<typeof QUICK>;
  }) {
    this.venue = o.venue;
    this.nats = o.nats;
    this.bus = o.bus;
    this.#markets = o.venue.openMarketList();
    this.#stack = o.stack;
    this.#publisher = this.#stack.use(o.bus.publisher({ unacknowledgedMax: 1_000, queueMax: o.queueMax }));
    const log = recordingLog(this.logged);
    this.#unparsedPublisher = this.#stack.use(
      new UnparsedPublisher({
        ...{ ingestorId: 'test-1', bus: o.bus, counters: this.counters, log },
        queueMax: o.unparsedQueueMax,
      }),
    );
    this.#recorders = this.#stack.use(
      new ShardRecorders(
        {
          ...recordersOptions(o.recorders),
          ...{ ingestorId: 'test-1', url: o.venue.urls.ws, counters: this.counters, log },
          ...{ publisher: this.#publisher, unparsedPublisher: this.#unparsedPublisher },
        },
        () => {},
      ),
    );
    for (const [shard, markets] of Object.entries(o.plan)) this.assign(Number(shard), markets);
    const timer = setInterval(() => this.#turn(), TURN_MS);
    this.#stack.defer(() => clearInterval(timer));
  }

  /** Gives a shard these of the initial markets, under its next version unless another is given. */
  assign(shard: number, markets: readonly number[], version = (this.plan.get(shard)?.version ?? 0) + 1): void {
    const tokens = markets.flatMap((index) => {
      const { conditionId, tokenIds } = this.#markets[index] as MarketReference;
      return tokenIds.map((tokenId) => ({ tokenId, conditionId }));
    });
    this.plan.set(shard, { version, tokens });
  }
  tokenOf(market: number, outcome: 0 | 1 = 0): string {
    return this.#markets[market]?.tokenIds[outcome] ?? '';
  }

  /** Trades in these markets continuously until disposed. */
  trading(markets: readonly number[]): Disposable {
    const tokens = markets.flatMap((market) => this.#markets[market]?.tokenIds ?? []);
    let next = 0;
    const timer = setInterval(() => {
      this.venue.trade({ tokenId: tokens[next % tokens.length] ?? '' });
      next += 1;
    }, TURN_MS / 2);
    return { [Symbol.dispose]: () => clearInterval(timer) };
  }

  /** The tokens of the shard whose first book has arrived. */
  coveredTokens(shard: number): ReadonlySet<string> {
    return this.#recorders.coveredTokens(shard);
  }

  /** Resolves when the condition holds; it is checked each time the recorders have run. */
  async until(what: string, holds: () => boolean): Promise<void> {
    const giveUp = AbortSignal.timeout(20_000);
    while (!holds()) {
      if (giveUp.aborted) throw new Error(`Not within 20 s: ${what}. ${JSON.stringify(this.logged.slice(-5))}`);
      await new Promise<void>((wake) => this.#waiting.add(wake));
    }
  }

  /** Resolves when every shard of the plan is covered in its present version. */
  async covered(): Promise<void> {
    await this.until('every shard covered', () =>
      [...this.plan].every(([shard, { version }]) => {
        const service = this.service(shard);
        return service?.state === 'covered' && service.version === version;
      }),
    );
  }

  service(shard: number): ShardService | undefined {
    return this.#recorders.services(performance.now()).get(shard);
  }

  /** Shards that have left the plan and are still recorded. */
  departing(): number[] {
    return [...this.#recorders.departing(performance.now())];
  }

  status(shard: number): RecorderStatus {
    const status = this.#recorders.statuses().find((one) => one.shard === shard);
    expect(status).toBeDefined();
    return status as RecorderStatus;
  }

  /** Id of the shard's current connection. */
  connectionOf(shard: number): string | undefined {
    return this.status(shard).connections.find(({ role }) => role === 'current')?.connectionId;
  }

  /** The venue's numbers of the open sockets. */
  socketNumbers(): number[] {
    return this.venue.status().sockets.map(({ number }) => number);
  }

  command(shard: number): ReturnType<ShardRecorders['command']> {
    return this.#recorders.command(shard);
  }

  /** How many different messages the broker has stored, once it has acknowledged everything. */
  async stored(): Promise<number> {
    await this.#publisher.acknowledged();
    const { acknowledged, duplicates } = this.#publisher.stats();
    return acknowledged - duplicates;
  }

  /** The records in UNPARSED, once the broker has acknowledged everything. */
  async unparsed(): Promise<Unparsed[]> {
    await this.#unparsedPublisher.idle();
    const { lastSequence } = await this.bus.streamState('UNPARSED');
    const records: Unparsed[] = [];
    const limits = { rowsMax: 1_000, ageMsMax: 50, signal: AbortSignal.timeout(20_000) };
    if (lastSequence === 0) return records;
    for await (const { messages } of this.bus.readBatches('UNPARSED', null, limits)) {
      for (const { subject, body } of messages) records.push(decodeUnparsed(subject, body));
      if ((messages.at(-1)?.sequence ?? 0) >= lastSequence) break;
    }
    return records;
  }

  /** Whether a full publishing queue has paused the connections. */
  get isPaused(): boolean {
    return this.#recorders.isPaused;
  }

  /** Stops recording all shards, as a stop does. */
  async stop(): Promise<void> {
    this.plan.clear();
    await this.#recorders[Symbol.asyncDispose]();
  }

  loggedAt(level: string): string[] {
    return this.logged.filter((line) => line.level === level).map(({ sentence }) => sentence);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack[Symbol.asyncDispose]();
  }

  #turn(): void {
    const nowMs = performance.now();
    this.#recorders.follow(this.plan, nowMs);
    const own = this.#recorders.services(nowMs);
    this.nextRecycleInMs = this.#recorders.recycle(nowMs, { mayBegin: true });
    this.#recorders.open(
      [...this.plan].filter(([shard]) => !own.has(shard)),
      nowMs,
    );
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}

/** A test's settings, in the recorders' option groups. */
function recordersOptions(changed: Partial<typeof QUICK>) {
  const { connectPaceMs, firstBookTimeoutMs, frameBytesMax, ...rest } = { ...QUICK, ...changed };
  const { recyclesMax, pollutionMax, ageMsMin, ageMsMax, stallMsMin, stallMsMax, ...others } = rest;
  return {
    ...others,
    connections: { paceMs: connectPaceMs, firstBookTimeoutMs, frameBytesMax },
    recycling: { recyclesMax, pollutionMax, ageMsMin, ageMsMax },
    stalls: { stallMsMin, stallMsMax },
  } satisfies Partial<ShardRecordersOptions>;
}

/** No market opens or closes by itself. */
const QUIET = { openPerMinute: 0, closePerMinute: 0 };
const TURN_MS = 10;

/** A log that records its lines. */
export function recordingLog(lines: LogLine[]): Logger {
  const at = (level: string) => (fields: object, sentence: string) =>
    void lines.push({ level, fields: { ...fields }, sentence });
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: () => log };
  return log as unknown as Logger;
}
