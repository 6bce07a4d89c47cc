import type { Shard } from '@polytape/types';
import {
  type Misplaced,
  type PlanLimits,
  type Planning,
  planShards,
  type WantedMarket,
} from '../../src/plan/shard-planner.ts';

/** Market number `n`, with the tokens 2n and 2n + 1. */
export function market(n: number): WantedMarket {
  return { conditionId: `0x${n.toString(16)}`, tokenIds: [String(2 * n), String(2 * n + 1)] };
}

export function marketsFrom(first: number, count: number): WantedMarket[] {
  return Array.from({ length: count }, (_, index) => market(first + index));
}

/**
 * A venue and the plan that follows it, with a clock of its own. Like the scheduler, it plans on request and whenever the
 * last planning is due.
 */
export class PlanHistory {
  readonly limits: PlanLimits;
  readonly open = new Map<string, WantedMarket>();
  /** Announced markets without a document. */
  readonly unconfirmed = new Map<string, WantedMarket>();
  readonly shards = new Map<number, Shard>();
  /** How often a token was found in another shard than before. */
  moves = 0;
  /** By condition: the shards that the market was moved away from. */
  readonly leftBefore = new Map<string, Set<number>>();
  nowMs = 0;
  pending: ReadonlyMap<string, number> = new Map();
  readonly #ended = new Set<string>();
  #announced = new Set<string>();
  #dueAtMs: number | null = null;
  #opened = 0;
  #renewals = 0;

  constructor(limits: PlanLimits) {
    this.limits = limits;
  }

  passes(ms: number): void {
    const untilMs = this.nowMs + ms;
    while (this.#dueAtMs !== null && this.#dueAtMs < untilMs) {
      const dueAtMs = this.#dueAtMs;
      this.nowMs = dueAtMs;
      this.plan({});
      if (this.#dueAtMs === dueAtMs) throw new Error(`planning that was due at ${dueAtMs} ms has changed nothing`);
    }
    this.nowMs = untilMs;
  }

  opens(count: number): void {
    for (const opened of marketsFrom(this.#opened, count)) this.open.set(opened.conditionId, opened);
    this.#opened += count;
  }

  announces(count: number): void {
    for (const { conditionId } of marketsFrom(this.#opened, count)) this.#announced.add(conditionId);
    this.opens(count);
  }

  /** Announces markets without a document. @returns These. */
  announcesUnconfirmed(count: number): WantedMarket[] {
    const announced = marketsFrom(this.#opened, count);
    this.#opened += count;
    for (const market of announced) {
      this.#announced.add(market.conditionId);
      this.unconfirmed.set(market.conditionId, { ...market, isUnconfirmed: true });
    }
    return announced;
  }

  /** The market's document comes, perhaps with other tokens. */
  confirms(market: WantedMarket): void {
    this.unconfirmed.delete(market.conditionId);
    this.open.set(market.conditionId, market);
  }

  /** The announcement was false. */
  expires(conditionId: string): void {
    this.unconfirmed.delete(conditionId);
    this.#ended.add(conditionId);
  }

  /** Confirms some announced markets and lets others expire, chosen by any numbers. */
  settlesUnconfirmed(o: { confirms: readonly number[]; expires: readonly number[] }): void {
    const chosen = (choice: number) => [...this.unconfirmed.values()][choice % Math.max(1, this.unconfirmed.size)];
    for (const choice of o.confirms) {
      const market = chosen(choice);
      if (market !== undefined) this.confirms({ conditionId: market.conditionId, tokenIds: market.tokenIds });
    }
    for (const choice of o.expires) {
      const market = chosen(choice);
      if (market !== undefined) this.expires(market.conditionId);
    }
  }

  /** Ends open markets, chosen by any numbers. */
  ends(choices: readonly number[]): void {
    const ids = [...this.open.keys()];
    for (const choice of choices) {
      const conditionId = ids[choice % Math.max(1, ids.length)];
      if (conditionId === undefined) continue;
      this.open.delete(conditionId);
      this.#ended.add(conditionId);
    }
  }

  /** Gives open markets, chosen by any numbers, other tokens. */
  renews(choices: readonly number[]): void {
    const ids = [...this.open.keys()];
    for (const choice of choices) {
      const conditionId = ids[choice % Math.max(1, ids.length)];
      if (conditionId === undefined) continue;
      this.#renewals += 1;
      this.open.set(conditionId, { conditionId, tokenIds: [`${this.#renewals}n0`, `${this.#renewals}n1`] });
    }
  }

  /** Simulates a log that lost the market's document. */
  forget(conditionId: string): void {
    this.open.delete(conditionId);
  }

  /** What a connection that serves only the first `tokensServed` tokens of the shard asks the planner to move. */
  served(number: number, tokensServed: number): Map<number, Misplaced> {
    const { version, tokens } = this.shards.get(number) ?? { version: 0, tokens: [] };
    const isLowered = (shard: number) => this.shards.get(shard)?.tokensTarget !== undefined;
    const leftBefore = (conditionId: string) => [...(this.leftBefore.get(conditionId) ?? [])].filter(isLowered);
    const unserved = tokens.slice(tokensServed).map(({ conditionId }) => conditionId);
    const markets = new Map(unserved.map((conditionId) => [conditionId, new Set(leftBefore(conditionId))]));
    return new Map([[number, { version, tokensServed: Math.min(tokensServed, tokens.length), markets }]]);
  }

  plan(o: { isListComplete?: boolean; misplaced?: ReadonlyMap<number, Misplaced> }): Planning {
    const placesBefore = placesIn(this.shards);
    const planning = planShards(
      {
        shards: new Map(this.shards),
        wanted: [...this.open.values(), ...this.unconfirmed.values()],
        isEnded: (conditionId) => this.#ended.has(conditionId),
        pending: this.pending,
        announced: this.#announced,
        isListComplete: o.isListComplete ?? false,
        misplaced: o.misplaced ?? new Map(),
        versionMin: this.nowMs,
        dateMs: this.nowMs,
        nowMs: this.nowMs,
      },
      this.limits,
    );
    for (const { number, shard } of planning.changes) {
      if (shard === null) this.shards.delete(number);
      else this.shards.set(number, shard);
    }
    for (const [tokenId, number] of placesIn(this.shards)) {
      if ((placesBefore.get(tokenId) ?? number) !== number) this.moves += 1;
    }
    for (const { conditionId, from } of planning.moved) {
      this.leftBefore.set(conditionId, new Set([...(this.leftBefore.get(conditionId) ?? []), from]));
    }
    this.pending = planning.pending;
    this.#announced = new Set([...this.#announced].filter((conditionId) => planning.pending.has(conditionId)));
    this.#dueAtMs = planning.dueAtMs;
    return planning;
  }
}

function placesIn(shards: ReadonlyMap<number, Shard>): Map<string, number> {
  return new Map(
    [...shards].flatMap(([number, { tokens }]) => tokens.map(({ tokenId }) => [tokenId, number] as const)),
  );
}
