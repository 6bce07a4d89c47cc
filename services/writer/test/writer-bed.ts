import { Bus, type OutgoingMessage, type StreamName } from '@polytape/bus';
import { type Log, silentLog } from '@polytape/resilience';
import { Metrics } from '@polytape/service';
import { Database } from '@polytape/tapedb';
import { databaseSession, type Preparation, type TestNats, testDatabase, testNats } from '@polytape/test-servers';
import { type Trade, tradeContentHash, tradeId, tradeMessageId, tradeSubject } from '@polytape/types';
import { Writer, type WriterOptions } from '../src/writer.ts';

/** A writer that runs in this process. */
export type RunningWriter = AsyncDisposable & {
  writer: Writer;
  log: { level: keyof Log; fields: Record<string, unknown>; sentence: string }[];
  /** Streams that it projects at the moment. */
  projects(): Promise<string[]>;
  metric(line: RegExp): Promise<number>;
  /** Resolves when the writer has all messages of the stream, stored or not. */
  received(stream: StreamName): Promise<void>;
};

const PLAIN_TABLES: Preparation = {
  name: 'plain_tables',
  async prepare(url) {
    const connecting = { applicationName: 'test', log: silentLog, signal: new AbortController().signal };
    await using database = await Database.open({ url, ...connecting });
    await database.migrate({ timescale: false });
  },
};

/** A test's own NATS and database, and the writers that it starts on them. All end with it, the writers first. */
export class WriterBed implements AsyncDisposable {
  readonly nats: TestNats;
  readonly bus: Bus;
  readonly database: Database;
  readonly databaseUrl: string;
  readonly #resources: AsyncDisposableStack;

  static async open(): Promise<WriterBed> {
    await using resources = new AsyncDisposableStack();
    const nats = resources.use(await testNats());
    const { url } = resources.use(await testDatabase(PLAIN_TABLES));
    const stop = new AbortController();
    resources.defer(() => stop.abort(new Error('the test is over')));
    const connecting = { log: silentLog, signal: stop.signal };
    const bus = resources.use(await Bus.connect({ url: nats.url, name: 'test', ...connecting }));
    await bus.reconcile(stop.signal);
    const database = resources.use(await Database.open({ url, applicationName: 'test', ...connecting }));
    return new WriterBed({ nats, bus, database, databaseUrl: url, resources: resources.move() });
  }

  private constructor(o: {
    nats: TestNats;
    bus: Bus;
    database: Database;
    databaseUrl: string;
    resources: AsyncDisposableStack;
  }) {
    this.nats = o.nats;
    this.bus = o.bus;
    this.database = o.database;
    this.databaseUrl = o.databaseUrl;
    this.#resources = o.resources;
  }

  /** Starts a writer; other URLs lead it to the servers through a proxy. */
  async writer(
    o: { natsUrl?: string; databaseUrl?: string; pingMs?: number; options?: Partial<WriterOptions> } = {},
  ): Promise<RunningWriter> {
    await using stack = new AsyncDisposableStack();
    const stop = new AbortController();
    const log: RunningWriter['log'] = [];
    const recorded = recordingLog(log);
    const connecting = { log: recorded, signal: stop.signal };
    const natsUrl = o.natsUrl ?? this.nats.url;
    const bus = stack.use(await Bus.connect({ url: natsUrl, name: 'writer', pingMs: o.pingMs ?? 200, ...connecting }));
    const database = stack.use(
      await Database.open({ url: o.databaseUrl ?? this.databaseUrl, applicationName: 'writer', ...connecting }),
    );
    const metrics = new Metrics();
    const writer = new Writer({
      ...{
        writerId: 'writer-1',
        bus,
        database,
        metrics,
        limits: { rowsMax: 100, bytesMax: 1_000_000, ageMsMax: 5 },
        takeoverAfterMs: 15_000,
      },
      retentionDays: { trades: 0, price_snapshots: 0, book_snapshots: 0, unparsed: 0, dead_letters: 0 },
      log: recorded,
      ...o.options,
    });
    const running = writer.run(stop.signal);
    stack.defer(async () => {
      stop.abort(new Error('the test is over'));
      await running;
    });
    const resources = this.#resources.use(stack.move());
    return {
      writer,
      log,
      projects: async () => (await writer.status()).streams.map(({ stream }) => stream),
      metric: async (line) => {
        const [, value] = new RegExp(`^${line.source} (\\S+)$`, 'm').exec(await metrics.text()) ?? [];
        return Number(value);
      },
      received: async (stream) => {
        const { lastSequence } = await bus.streamState(stream);
        const delivered = async () => {
          const request = { timeoutMs: 5_000, signal: stop.signal };
          const { consumers } = await bus.request<Consumers>(`$JS.API.CONSUMER.LIST.${stream}`, {}, request);
          return Math.max(0, ...consumers.map((consumer) => consumer.delivered.stream_seq));
        };
        // The answer comes over the writer's own connection, behind the messages that the server counts as delivered.
        await until(async () => (await delivered()) === lastSequence);
      },
      [Symbol.asyncDispose]: () => resources.disposeAsync(),
    };
  }

  /** Publishes the sample trades of these numbers; resolves when JetStream has them. */
  publish(from: number, to: number): Promise<void> {
    return this.publishTrades(Array.from({ length: to - from + 1 }, (_, at) => sampleTrade(from + at)));
  }

  async publishTrades(trades: readonly Trade[]): Promise<void> {
    await using publisher = this.bus.publisher({ unacknowledgedMax: 100, queueMax: 10_000 });
    for (const trade of trades) publisher.publish(tradeMessage(trade));
    await publisher.acknowledged();
  }

  /** The kinds of the recorded losses. */
  async losses(): Promise<string[]> {
    await using session = await databaseSession(this.databaseUrl);
    return (await session.sql<{ kind: string }>('SELECT kind FROM losses ORDER BY loss_id')).map(({ kind }) => kind);
  }

  /** Holds the positions of all streams, so that no transaction of a writer commits; dispose to let go. */
  async holdPositions(): Promise<AsyncDisposable> {
    const session = await databaseSession(this.databaseUrl);
    await session.sql('BEGIN; LOCK TABLE stream_positions IN ACCESS EXCLUSIVE MODE');
    return session;
  }

  /** Resolves when the database has the stream up to its end. */
  async stored(stream: StreamName): Promise<void> {
    const { lastSequence } = await this.bus.streamState(stream);
    await until(async () => (await this.database.position(stream))?.sequence === lastSequence);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}

type Consumers = { consumers: { delivered: { stream_seq: number } }[] };

/** Looks until it is true; the timeout of the test is the deadline. */
export async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 5));
}

export function sampleTrade(number: number, fields: Partial<Trade> = {}): Trade {
  const content = { tokenId: '12', price: '0.48', size: '12.5', side: 'BUY' as const, transactionHash: null };
  const exchangeAtMs = Date.UTC(2026, 0, 1) + number;
  return {
    ...content,
    tradeId: tradeId(tradeContentHash({ ...content, timestamp: `${exchangeAtMs}` }), 0),
    conditionId: '0xab',
    feeRateBps: null,
    exchangeAtMs,
    receivedAtUs: exchangeAtMs * 1_000,
    source: 'websocket',
    ...fields,
  };
}

export function tradeMessage(trade: Trade): OutgoingMessage {
  return { subject: tradeSubject(trade), messageId: tradeMessageId(trade), body: JSON.stringify(trade) };
}

function recordingLog(entries: RunningWriter['log']): Log {
  const at = (level: keyof Log) => (fields: object, sentence: string) =>
    void entries.push({ level, fields: { ...fields }, sentence });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
