import type { KvBucket } from '@polytape/bus';
import { type GammaClient, type GammaMarket, isVenueError } from '@polytape/polymarket';
import { errorSentence, type Logger } from '@polytape/service';
import {
  type IngestorPresence,
  isConditionId,
  isTokenId,
  type Market,
  type Shard,
  type SubscribeAnswer,
  type SubscribeRequest,
} from '@polytape/types';
import type { MarketLog } from '../markets/market-log.ts';
import type { MarketRegistry } from '../markets/market-registry.ts';
import type { PlanKeeper } from '../plan/plan-keeper.ts';

export type MarketSubscriberOptions = {
  gamma: Pick<GammaClient, 'openMarketsOf' | 'closedMarketsOf' | 'marketBySlug' | 'marketByToken' | 'trouble'>;
  registry: Pick<MarketRegistry, 'open'>;
  marketLog: Pick<MarketLog, 'publish'>;
  keeper: Pick<PlanKeeper, 'place'>;
  plan: { readonly shards: ReadonlyMap<number, Shard> };
  ingestors: KvBucket<IngestorPresence>;
  signal: AbortSignal;
  log: Logger;
};

/**
 * Records a market at an operator's request, by the same rules as one that the venue has just announced. A repeated request
 * changes nothing and returns the present state.
 */
export class MarketSubscriber {
  readonly #o: MarketSubscriberOptions;

  constructor(options: MarketSubscriberOptions) {
    this.#o = options;
  }

  /** Answers a `SubscribeRequest`, with a reason if it is refused. */
  async answer(request: unknown): Promise<SubscribeAnswer> {
    const name = marketName(request);
    if (name === null) return { refused: 'name a token id, a condition id (0x…) or a slug' };
    const market = this.#known(name) ?? (await this.#fetch(name));
    if ('refused' in market) return market;
    const { conditionId, question, tokens } = market;
    const { keeper, plan, signal } = this.#o;
    const shard = await keeper.place(conditionId, signal);
    const version = shard === null ? undefined : plan.shards.get(shard)?.version;
    const isCovered = shard !== null && version !== undefined && (await this.#isCovered(shard, version));
    return { conditionId, question, tokenIds: [tokens[0].tokenId, tokens[1].tokenId], shard, isCovered };
  }

  #known({ kind, text }: MarketName): KnownMarket | null {
    for (const market of this.#o.registry.open()) {
      const isMeant =
        kind === 'condition'
          ? market.conditionId === text
          : kind === 'slug'
            ? market.slug === text
            : market.tokens.some(({ tokenId }) => tokenId === text);
      if (isMeant) return market;
    }
    return null;
  }

  /** Asks Gamma for the market and publishes its document. */
  async #fetch(name: MarketName): Promise<KnownMarket | { refused: string }> {
    const { gamma, marketLog, signal, log } = this.#o;
    const late = AbortSignal.timeout(GAMMA_MS_MAX);
    let market: GammaMarket | null;
    try {
      market = await this.#ask(name, AbortSignal.any([signal, late]));
    } catch (error) {
      const isLate = error === late.reason;
      if (!isLate && !isVenueError(error)) throw error;
      const noAnswer = gamma.trouble ?? `no answer within ${GAMMA_MS_MAX / 1_000} s`;
      return { refused: `cannot ask Gamma for the market now: ${isLate ? noAnswer : errorSentence(error)}` };
    }
    if (market === null) return { refused: `Gamma has no market with the ${name.kind} ${name.text}` };
    await marketLog.publish([market], AbortSignal.any([signal, AbortSignal.timeout(PUBLISH_MS_MAX)]));
    if (market.closed) return { refused: `the market is closed: ${market.question}` };
    log.info({ conditionId: market.conditionId }, `Recording market ${market.question} at an operator's request.`);
    return market;
  }

  async #ask({ kind, text }: MarketName, signal: AbortSignal): Promise<GammaMarket | null> {
    const { gamma } = this.#o;
    if (kind === 'slug') return await gamma.marketBySlug(text, signal);
    if (kind === 'token') return await gamma.marketByToken(text, signal);
    const [open] = await gamma.openMarketsOf([text], signal);
    return open ?? (await gamma.closedMarketsOf([text], signal))[0] ?? null;
  }

  async #isCovered(shard: number, version: number): Promise<boolean> {
    const presences = await this.#o.ingestors.list();
    return [...presences.values()].some(({ value }) => {
      const service = value.shards[shard];
      return service?.state === 'covered' && service.version === version;
    });
  }
}

type KnownMarket = Pick<Market, 'conditionId' | 'question' | 'tokens'>;

type MarketName = { kind: 'token' | 'condition' | 'slug'; text: string };

function marketName(request: unknown): MarketName | null {
  const { market } = (request ?? {}) as Partial<SubscribeRequest>;
  if (typeof market !== 'string') return null;
  const text = market.trim().toLowerCase();
  if (isConditionId(text)) return { kind: 'condition', text };
  if (isTokenId(text)) return { kind: 'token', text };
  return SLUG.test(text) ? { kind: 'slug', text } : null;
}

/** The venue derives slugs from titles; the longest one seen has 180 characters. */
const SLUG = /^[a-z0-9][a-z0-9._-]{0,299}$/;
/** A request to Gamma is retried for about a minute, and the person who waits should hear why before that. */
const GAMMA_MS_MAX = 5_000;
/** Nobody waits longer for an answer; requests that pile up would be refused. */
const PUBLISH_MS_MAX = 30_000;
