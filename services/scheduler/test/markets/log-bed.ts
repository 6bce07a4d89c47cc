import { Bus, type StreamName } from '@polytape/bus';
import type { GammaClient } from '@polytape/polymarket';
import { createLogger, type Logger } from '@polytape/service';
import { testNats } from '@polytape/test-servers';
import { LeaderTerm } from '../../src/leadership/leader-term.ts';
import { MarketLog } from '../../src/markets/market-log.ts';
import { MarketRegistry } from '../../src/markets/market-registry.ts';
import { newCounters } from '../../src/scheduler-counters.ts';
import { sampleMarket } from '../sample-market.ts';

const log = createLogger({ service: 'test', level: 'error' });

/** A real log, and leaders that write to it one after the other. */
export async function logBed() {
  await using resources = new AsyncDisposableStack();
  const nats = resources.use(await testNats());
  const stop = new AbortController();
  resources.defer(() => stop.abort(new Error('the test is over')));
  const bus = resources.use(await Bus.connect({ url: nats.url, name: 'test', log, signal: stop.signal }));
  await bus.reconcile(stop.signal);
  const owned = resources.move();

  /** The parts of a leader at the start of its term, after it read the log. */
  async function leader(o: LeaderOptions = {}) {
    const errors: string[] = [];
    const listening = Object.assign(Object.create(log) as Logger, {
      error: (_fields: unknown, words: string) => void errors.push(words),
    });
    const term = new LeaderTerm(stop.signal, LEASE_MS);
    term.extend(performance.now());
    const registry = new MarketRegistry({ figuresIntervalMs: o.figuresIntervalMs ?? 0 });
    const counters = newCounters();
    const window = { unacknowledgedMax: 100, queueMax: 1_000 };
    const publishers = { facts: owned.use(bus.publisher(window)), documents: owned.use(bus.publisher(window)) };
    const reading = {
      streamState: bus.streamState.bind(bus),
      readBatches: bus.readBatches.bind(bus),
      lastMessageOn: (o.bus ?? bus).lastMessageOn.bind(o.bus ?? bus),
    };
    const marketLog = new MarketLog({
      bus: reading,
      gamma: o.gamma ?? GAMMA,
      registry,
      publishers,
      term,
      counters,
      log: listening,
    });
    await marketLog.remember();
    return {
      bus,
      term,
      registry,
      counters,
      publishers,
      publisher: publishers.documents,
      marketLog,
      errors,
      log: listening,
    };
  }

  /** Bodies of all messages of a stream, in their order. */
  async function stored<Body>(stream: StreamName): Promise<Body[]> {
    const { messages: held } = await bus.streamState(stream);
    const bodies: Body[] = [];
    if (held === 0) return bodies;
    const limits = { rowsMax: 1_000, ageMsMax: 20, signal: stop.signal };
    for await (const { messages, pending } of bus.readBatches(stream, null, limits)) {
      for (const { body } of messages) bodies.push(JSON.parse(Buffer.from(body).toString()) as Body);
      if (pending === 0) break;
    }
    return bodies;
  }

  /** Publishes these messages unchanged. */
  async function put(messages: [subject: string, body: string][]): Promise<void> {
    await using publisher = bus.publisher({ unacknowledgedMax: 100, queueMax: 1_000 });
    for (const [subject, body] of messages) publisher.publish({ subject, messageId: `${subject} ${body}`, body });
    await publisher.acknowledged();
  }

  /** Sends a request of the JetStream API, as an operator would. */
  async function ask(subject: string, body: object): Promise<void> {
    await bus.request(subject, body, { timeoutMs: 5_000, signal: stop.signal });
  }

  /** Makes a stream store messages without acknowledging them, or acknowledge again. */
  async function acknowledges(stream: StreamName, does: boolean): Promise<void> {
    const o = { timeoutMs: 5_000, signal: stop.signal };
    const { config } = await bus.request<{ config: object }>(`$JS.API.STREAM.INFO.${stream}`, {}, o);
    await ask(`$JS.API.STREAM.UPDATE.${stream}`, { ...config, no_ack: !does });
  }

  return {
    bus,
    acknowledges,
    url: nats.url,
    signal: stop.signal,
    leader,
    stored,
    put,
    ask,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

type LeaderOptions = {
  figuresIntervalMs?: number;
  bus?: Pick<Bus, 'lastMessageOn'>;
  gamma?: Pick<GammaClient, 'openMarketsOf'>;
};

/** A Gamma to which every market is open. */
const GAMMA = { openMarketsOf: async (ids: readonly string[]) => ids.map((id) => sampleMarket(id)) };
const LEASE_MS = 60_000;
