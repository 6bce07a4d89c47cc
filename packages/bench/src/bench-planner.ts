import { type PlanInput, planShards, type WantedMarket } from '../../../services/scheduler/src/plan/shard-planner.ts';
import { type Figure, measure } from './measure.ts';

/** The shard planner, with more tokens than the venue had in 2026. */
export async function benchPlanner(): Promise<Figure[]> {
  const wanted = Array.from({ length: MARKETS }, (_, n): WantedMarket => {
    const conditionId = `0x${n.toString(16).padStart(64, '0')}`;
    return { conditionId, tokenIds: [`${TOKEN_ID_START}${2 * n}`, `${TOKEN_ID_START}${2 * n + 1}`] };
  });
  const empty: PlanInput = {
    shards: new Map(),
    wanted,
    isEnded: () => false,
    pending: new Map(),
    announced: new Set(),
    isListComplete: true,
    misplaced: new Map(),
    versionMin: 0,
    dateMs: 0,
    nowMs: 0,
  };
  const full = new Map(
    planShards(empty, LIMITS).changes.flatMap(({ number, shard }) =>
      shard === null ? [] : [[number, shard] as const],
    ),
  );
  const ended = new Set(wanted.filter((_, n) => n % 100 === 0).map(({ conditionId }) => conditionId));
  const open = wanted.filter(({ conditionId }) => !ended.has(conditionId));
  return [
    await measure(`empty plan, ${2 * MARKETS} tokens`, 'tokens', {
      clock: 'cpu',
      prepare: () => empty,
      work: (input) => {
        planShards(input, LIMITS);
        return 2 * MARKETS;
      },
    }),
    await measure('planned again, one market in 100 has ended', 'tokens', {
      clock: 'cpu',
      prepare: () => ({ ...empty, shards: full, wanted: open, isEnded: (id: string) => ended.has(id) }),
      work: (input) => {
        planShards(input, LIMITS);
        return 2 * MARKETS;
      },
    }),
  ];
}

const MARKETS = 150_000;
const LIMITS = { tokensTarget: 400, tokensMax: 500, openAtTokens: 50, openAfterMs: 30_000, movesMax: 200 };
/** The planner moves ids as strings of 77 digits. */
const TOKEN_ID_START = '1'.repeat(71);
