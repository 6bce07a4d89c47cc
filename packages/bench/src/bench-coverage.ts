import { Bus, type KvView } from '@polytape/bus';
import { silentLog } from '@polytape/resilience';
import type { IngestorPresence, Market, Shard } from '@polytape/types';
import { VenueSim } from '@polytape/venue-sim';
import type { Bench } from './bench.ts';
import { type Figure, figureOf } from './measure.ts';
import { startService } from './service-process.ts';

/**
 * How fast new markets are recorded. A simulated venue that answers at once announces 200 markets with 400 tokens to a
 * scheduler and an ingestor with default settings. Covered means that a book of each token has arrived.
 */
export async function benchCoverage(bench: Bench): Promise<Figure[]> {
  const { url: natsUrl } = await bench.nats();
  await using venue = await VenueSim.start({ markets: MARKETS, oddMarkets: 0, trading: false });
  const addresses = {
    POLYMARKET_WS_URL: venue.urls.ws,
    POLYMARKET_GAMMA_URL: venue.urls.gamma,
    POLYMARKET_CLOB_URL: venue.urls.clob,
    POLYMARKET_DATA_URL: venue.urls.data,
    NATS_URL: natsUrl,
  };
  const stop = new AbortController();
  await using bus = await Bus.connect({ url: natsUrl, name: 'bench', log: silentLog, signal: stop.signal });
  await bus.reconcile(stop.signal);
  await using _scheduler = startService('scheduler', addresses);
  await using _ingestor = startService('ws-ingestor', addresses);
  await using plan = (await bus.kv<Shard>('shards')).view({ signal: stop.signal });
  await using ingestors = (await bus.kv<IngestorPresence>('ingestors')).view({ signal: stop.signal });
  const views = { plan, ingestors };
  await covered(views, tokensOf(venue.openMarketList()));

  const took = { announced: [] as number[], known: [] as number[], planned: [] as number[] };
  for (let run = 0; run <= RUNS; run += 1) {
    const documents = lastDocument(bus, MARKETS);
    const announcedAtMs = Date.now();
    const tokens = tokensOf(venue.openMarkets(MARKETS));
    const plannedAtMs = planned(views, tokens);
    const coveredAtMs = await covered(views, tokens);
    if (run === 0) continue;
    took.announced.push(coveredAtMs - announcedAtMs);
    took.known.push(coveredAtMs - (await documents));
    took.planned.push(coveredAtMs - (await plannedAtMs));
  }
  return [
    figureOf('announced by the venue -> covered', 'ms', 'less', took.announced),
    figureOf("the last market's document in the log -> covered", 'ms', 'less', took.known),
    figureOf('in the plan -> subscribed and covered', 'ms', 'less', took.planned),
  ];
}

type Views = { plan: KvView<Shard>; ingestors: KvView<IngestorPresence> };

/** When the plan contained the whole batch. */
async function planned({ plan }: Views, tokens: readonly string[]): Promise<number> {
  return await changed([plan], () => shardsWith(plan, tokens) !== null);
}

/** When an ingestor covered every shard of the batch, in versions that contain all of its tokens. */
async function covered({ plan, ingestors }: Views, tokens: readonly string[]): Promise<number> {
  return await changed([plan, ingestors], () => {
    const shards = shardsWith(plan, tokens);
    const services = [...ingestors.entries().values()].map(({ value }) => value.shards);
    return (
      shards?.every(([shard, version]) =>
        services.some((service) => service[shard]?.state === 'covered' && service[shard].version >= version),
      ) ?? false
    );
  });
}

/** The shards of these tokens, with their versions; null while a token has no shard. */
function shardsWith(plan: KvView<Shard>, tokens: readonly string[]): [string, number][] | null {
  const left = new Set(tokens);
  const shards: [string, number][] = [];
  for (const [shard, { value }] of plan.entries()) {
    const found = value.tokens.filter(({ tokenId }) => left.delete(tokenId));
    if (found.length > 0) shards.push([shard, value.version]);
  }
  return left.size === 0 ? shards : null;
}

/** When the condition first holds; it is checked after each change. */
async function changed(views: readonly KvView<unknown>[], condition: () => boolean): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const look = () => condition() && resolve(Date.now());
  using stopLooking = new DisposableStack();
  for (const view of views) stopLooking.defer(view.onChange(look));
  look();
  return await promise;
}

/** When the log has received the documents of this number of new markets. */
async function lastDocument(bus: Bus, markets: number): Promise<number> {
  const { lastSequence } = await bus.streamState('MARKETS');
  const stop = new AbortController();
  const conditions = new Set<string>();
  const limits = { rowsMax: 1_000, ageMsMax: 1, signal: stop.signal };
  for await (const { messages } of bus.readBatches('MARKETS', { sequence: lastSequence }, limits)) {
    for (const { body, storedAtMs } of messages) {
      const { conditionId, version } = JSON.parse(Buffer.from(body).toString()) as Market;
      if (version === 1) conditions.add(conditionId);
      if (conditions.size === markets) return storedAtMs;
    }
  }
  throw new Error('the log ended');
}

function tokensOf(markets: readonly { tokenIds: [string, string] }[]): string[] {
  return markets.flatMap(({ tokenIds }) => tokenIds);
}

const MARKETS = 200;
const RUNS = 5;
