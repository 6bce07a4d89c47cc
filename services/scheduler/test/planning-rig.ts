import { Bus, type KvBucket } from '@polytape/bus';
import { createLogger } from '@polytape/service';
import { testNats } from '@polytape/test-servers';
import type { IngestorPresence, Market, Shard } from '@polytape/types';
import { LeaderTerm } from '../src/leader-term.ts';
import { MarketRegistry } from '../src/market-registry.ts';
import { PlanKeeper } from '../src/plan-keeper.ts';
import { ShardPlan } from '../src/shard-plan.ts';
import type { PlanLimits } from '../src/shard-planner.ts';
import { market } from './plan-history.ts';

/** A leader's plan in a real bucket, kept by a real keeper. */
export type PlanningRig = AsyncDisposable & {
  bus: Bus;
  registry: MarketRegistry;
  plan: ShardPlan;
  keeper: PlanKeeper;
  shards: KvBucket<Shard>;
  ingestors: KvBucket<IngestorPresence>;
  /** Aborts when the rig is disposed. */
  signal: AbortSignal;
  /** Resolves when the bucket holds a plan of which this is true, and gives it. */
  planned: (isMet: (shards: ReadonlyMap<number, Shard>) => boolean) => Promise<ReadonlyMap<number, Shard>>;
};

export async function planningRig(o: { limits: PlanLimits; markets: number }): Promise<PlanningRig> {
  await using resources = new AsyncDisposableStack();
  const log = createLogger({ service: 'test', level: 'error' });
  const nats = resources.use(await testNats());
  const stop = new AbortController();
  const bus = resources.use(await Bus.connect({ url: nats.url, name: 'test', log, signal: stop.signal }));
  await bus.reconcile(stop.signal);
  const shards = await bus.kv<Shard>('shards');
  const term = new LeaderTerm(stop.signal, 3_600_000);
  term.extend(performance.now());
  const registry = new MarketRegistry();
  for (let n = 0; n < o.markets; n += 1) registry.remember(sampleMarket(n));
  const plan = await ShardPlan.read(shards, term);
  const keeper = new PlanKeeper({ plan, registry, limits: o.limits, log });
  const running = keeper.run(term.signal);
  resources.defer(async () => {
    stop.abort(new Error('stopped by the test'));
    term.end('the test has ended');
    await running;
  });
  const view = resources.use(shards.view({ signal: stop.signal }));
  await keeper.scanEnded(stop.signal);
  const owned = resources.move();
  return {
    ...{ bus, registry, plan, keeper, shards, ingestors: await bus.kv<IngestorPresence>('ingestors') },
    signal: stop.signal,
    planned: async (isMet) => {
      const met = Promise.withResolvers<ReadonlyMap<number, Shard>>();
      const look = () => {
        const seen = new Map([...view.entries()].map(([key, { value }]) => [Number(key), value]));
        if (isMet(seen)) met.resolve(seen);
      };
      view.onChange(look);
      look();
      return await met.promise;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Market number `n` of the plan's tests, as a whole document. */
export function sampleMarket(n: number, o: { closed?: boolean } = {}): Market {
  const { conditionId, tokenIds } = market(n);
  return {
    conditionId,
    version: 1,
    gammaId: String(n),
    question: `Will it rain on day ${n}?`,
    slug: `rain-on-day-${n}`,
    protocol: 'v1',
    tokens: [
      { tokenId: tokenIds[0], outcome: 'Yes', outcomeIndex: 0 },
      { tokenId: tokenIds[1], outcome: 'No', outcomeIndex: 1 },
    ],
    event: null,
    groupItemTitle: null,
    questionId: null,
    category: null,
    tags: [],
    active: true,
    closed: o.closed ?? false,
    acceptingOrders: true,
    negRisk: false,
    tickSize: null,
    sizeMin: null,
    fees: null,
    volume: null,
    volume24h: null,
    liquidity: null,
    startAtMs: null,
    endAtMs: null,
    closedAtMs: null,
    resolution: null,
    seenAtMs: 0,
  };
}
