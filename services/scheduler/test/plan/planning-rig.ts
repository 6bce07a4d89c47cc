import { Bus, type KvBucket } from '@polytape/bus';
import type { GammaMarket } from '@polytape/polymarket';
import { createLogger } from '@polytape/service';
import { testNats } from '@polytape/test-servers';
import type { IngestorPresence, Shard } from '@polytape/types';
import { LeaderTerm } from '../../src/leadership/leader-term.ts';
import { MarketRegistry } from '../../src/markets/market-registry.ts';
import { PlanKeeper } from '../../src/plan/plan-keeper.ts';
import { ShardPlan } from '../../src/plan/shard-plan.ts';
import type { PlanLimits } from '../../src/plan/shard-planner.ts';
import { sampleMarket } from '../sample-market.ts';
import { market } from './plan-history.ts';

/** A leader's plan in a real bucket, with a real keeper. */
export type PlanningRig = AsyncDisposable & {
  bus: Bus;
  registry: MarketRegistry;
  plan: ShardPlan;
  keeper: PlanKeeper;
  shards: KvBucket<Shard>;
  ingestors: KvBucket<IngestorPresence>;
  /** Aborts when the rig is disposed. */
  signal: AbortSignal;
  /** The plan in the bucket, once the condition holds. */
  planned: (isMet: (shards: ReadonlyMap<number, Shard>) => boolean) => Promise<ReadonlyMap<number, Shard>>;
};

export async function planningRig(o: { limits: PlanLimits; markets: number; clockMs?: number }): Promise<PlanningRig> {
  await using resources = new AsyncDisposableStack();
  const log = createLogger({ service: 'test', level: 'error' });
  const nats = resources.use(await testNats());
  const stop = new AbortController();
  const bus = resources.use(await Bus.connect({ url: nats.url, name: 'test', log, signal: stop.signal }));
  await bus.reconcile(stop.signal);
  const shards = await bus.kv<Shard>('shards');
  const term = new LeaderTerm(stop.signal, 3_600_000);
  term.extend(performance.now());
  const registry = new MarketRegistry({ figuresIntervalMs: 0 });
  for (let n = 0; n < o.markets; n += 1) observe(registry, plannedMarket(n));
  const plan = await ShardPlan.read(shards, term);
  const keeper = new PlanKeeper({
    ...{ plan, registry, limits: o.limits, log },
    unconfirmed: () => [],
    clock: () => o.clockMs ?? 0,
  });
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

/** Adds a market to the registry as the leader's log does, without publishing it. */
export function observe(registry: MarketRegistry, { settlement: _settlement, ...description }: GammaMarket): void {
  registry.observe(description, { nowMs: 0 });
}

/** Gamma's description of market number `n`. */
export function plannedMarket(n: number, o: { closed?: boolean } = {}): GammaMarket {
  const { conditionId, tokenIds } = market(n);
  const sample = sampleMarket(conditionId, {
    ...{ question: `Will it rain on day ${n}?`, slug: `rain-on-day-${n}`, closed: o.closed ?? false },
  });
  const [yes, no] = sample.tokens;
  return {
    ...sample,
    tokens: [
      { ...yes, tokenId: tokenIds[0] },
      { ...no, tokenId: tokenIds[1] },
    ],
  };
}
