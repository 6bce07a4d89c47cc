import type { Shard } from '@polytape/types';
import fc from 'fast-check';
import { expect } from 'vitest';
import type { PlanLimits, WantedMarket } from '../../src/plan/shard-planner.ts';
import { PlanHistory } from './plan-history.ts';

/** Small, so that short histories fill shards; the defaults are 400, 500, 50 and 30 s. */
export const limits: PlanLimits = {
  tokensTarget: 10,
  tokensMax: 14,
  openAtTokens: 8,
  openAfterMs: 30_000,
  movesMax: 3,
};

/** What happens next at the venue or in the scheduler, and after how long. */
export type Step = {
  afterMs: number;
  opens: number;
  announces: number;
  /** Announced without a document; some of these get one later, others turn out to be false. */
  announcesUnconfirmed: number;
  confirms: readonly number[];
  expires: readonly number[];
  ends: readonly number[];
  renews: readonly number[];
  isListComplete: boolean;
};

export const steps = (most: { opens: number; ends: number }): fc.Arbitrary<Step> =>
  fc.record({
    afterMs: fc.integer({ min: 1, max: 40_000 }),
    opens: fc.oneof(fc.nat(3), fc.nat(most.opens)),
    announces: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(4) }),
    announcesUnconfirmed: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(9) }),
    confirms: fc.array(fc.nat(), { maxLength: 2 }),
    expires: fc.array(fc.nat(), { maxLength: 2 }),
    ends: fc.array(fc.nat(), { maxLength: most.ends }),
    renews: fc.array(fc.nat(), { maxLength: 2 }),
    isListComplete: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  });

export const DAY_MS = 24 * 60 * 60_000;

/** Steps with hours between them. */
export const days = steps({ opens: 12, ends: 6 }).map((step) => ({ ...step, afterMs: 1_500 * step.afterMs }));

export function live(history: PlanHistory, step: Step): void {
  history.passes(step.afterMs);
  history.ends(step.ends);
  history.renews(step.renews);
  history.opens(step.opens);
  history.announces(step.announces);
  history.announcesUnconfirmed(step.announcesUnconfirmed);
  history.settlesUnconfirmed(step);
  history.plan({ isListComplete: step.isListComplete });
}

/** Checks what holds for every plan. */
export function check(history: PlanHistory): void {
  const seen = new Map<string, number>();
  for (const [number, shard] of history.shards) {
    expect(shard.tokens.length).toBeGreaterThan(0);
    expect(shard.tokens.length).toBeLessThanOrEqual(history.limits.tokensMax);
    for (const { tokenId } of shard.tokens) {
      if (seen.has(tokenId)) throw new Error(`token ${tokenId} stands in two places`);
      seen.set(tokenId, number);
    }
  }
  let planned = 0;
  for (const { conditionId, tokenIds } of [...history.open.values(), ...history.unconfirmed.values()]) {
    const places = tokenIds.map((tokenId) => seen.get(tokenId));
    if (places[0] !== places[1]) throw new Error(`the tokens of ${conditionId} stand apart`);
    const isPending = history.pending.has(conditionId);
    if ((places[0] === undefined) !== isPending) throw new Error(`${conditionId} is neither planned nor pending`);
    if (!isPending) planned += 2;
  }
  expect(seen.size).toBe(planned); // nothing else is in the plan: ended tokens have left
  for (const sinceMs of history.pending.values()) {
    expect(history.nowMs - sinceMs).toBeLessThan(history.limits.openAfterMs);
  }
}

/** A plan in which this number of markets have a place. */
export function planned(markets: number): PlanHistory {
  const history = new PlanHistory(limits);
  history.opens(markets);
  history.plan({ isListComplete: true });
  return history;
}

export function sizes({ shards }: PlanHistory): Record<number, number> {
  return Object.fromEntries([...shards].map(([number, { tokens }]) => [number, tokens.length]));
}

export function tokensOf(shards: ReadonlyMap<number, Shard>): Set<string> {
  return new Set([...shards.values()].flatMap(({ tokens }) => tokens.map(({ tokenId }) => tokenId)));
}

export function shardOf(markets: readonly WantedMarket[]): Shard {
  const tokens = markets.flatMap(({ conditionId, tokenIds }) => tokenIds.map((tokenId) => ({ tokenId, conditionId })));
  return { version: 1, tokens };
}
