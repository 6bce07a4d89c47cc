import { type Market, storableText } from '@polytape/types';

/** A document as a row of `markets` or `market_versions`: names and values for `json_populate_recordset`. */
export function marketRow(market: Market): object {
  const { event, fees, resolution } = market;
  const tokens = tokenRows(market);
  return {
    condition_id: market.conditionId,
    version: market.version,
    gamma_id: storableText(market.gammaId),
    question: storableText(market.question),
    slug: storableText(market.slug),
    protocol: storableText(market.protocol),
    event_id: textOrNull(event?.id),
    event_slug: textOrNull(event?.slug),
    event_title: textOrNull(event?.title),
    category: textOrNull(market.category),
    tags: market.tags.map(storableText),
    active: market.active,
    closed: market.closed,
    accepting_orders: market.acceptingOrders,
    neg_risk: market.negRisk,
    tick_size: market.tickSize,
    size_min: market.sizeMin,
    start_at: timeOrNull(market.startAtMs),
    end_at: timeOrNull(market.endAtMs),
    closed_at: timeOrNull(market.closedAtMs),
    seen_at: timeOrNull(market.seenAtMs),
    group_item_title: textOrNull(market.groupItemTitle),
    question_id: textOrNull(market.questionId),
    token_ids: tokens.map(({ token_id }) => token_id),
    outcomes: tokens.map(({ outcome }) => outcome),
    fees_enabled: fees?.enabled,
    fee_type: textOrNull(fees?.type),
    fee_rate: fees?.rate,
    fee_exponent: fees?.exponent,
    fee_taker_only: fees?.takerOnly,
    fee_rebate_rate: fees?.rebateRate,
    volume: market.volume,
    volume_24h: market.volume24h,
    liquidity: market.liquidity,
    resolution_state: resolution?.state,
    resolution_step: resolution?.step,
  };
}

/** The market's tokens as rows of `tokens`. */
export function tokenRows(market: Market): TokenRow[] {
  return market.tokens.map(({ tokenId, outcome, outcomeIndex }) => ({
    token_id: tokenId,
    condition_id: market.conditionId,
    outcome: storableText(outcome),
    outcome_index: outcomeIndex,
  }));
}

type TokenRow = { token_id: string; condition_id: string; outcome: string; outcome_index: number };

/**
 * The columns that hold these fields of a document; `market_versions.changed` names columns. A field with several columns
 * yields all of them; an unknown name stays as it is.
 */
export function columnsOf(fields: readonly string[]): string[] {
  return [...new Set(fields.flatMap((field) => COLUMNS.get(field) ?? [field]))];
}

function textOrNull(text: string | null | undefined): string | null {
  return text === null || text === undefined ? null : storableText(text);
}

function timeOrNull(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

const COLUMNS_OF = {
  conditionId: ['condition_id'],
  version: ['version'],
  gammaId: ['gamma_id'],
  question: ['question'],
  slug: ['slug'],
  protocol: ['protocol'],
  tokens: ['token_ids', 'outcomes'],
  event: ['event_id', 'event_slug', 'event_title'],
  groupItemTitle: ['group_item_title'],
  questionId: ['question_id'],
  category: ['category'],
  tags: ['tags'],
  active: ['active'],
  closed: ['closed'],
  acceptingOrders: ['accepting_orders'],
  negRisk: ['neg_risk'],
  tickSize: ['tick_size'],
  sizeMin: ['size_min'],
  fees: ['fees_enabled', 'fee_type', 'fee_rate', 'fee_exponent', 'fee_taker_only', 'fee_rebate_rate'],
  volume: ['volume'],
  volume24h: ['volume_24h'],
  liquidity: ['liquidity'],
  startAtMs: ['start_at'],
  endAtMs: ['end_at'],
  closedAtMs: ['closed_at'],
  resolution: ['resolution_state', 'resolution_step'],
  seenAtMs: ['seen_at'],
} satisfies Record<keyof Market, string[]>;

const COLUMNS = new Map<string, readonly string[]>(Object.entries(COLUMNS_OF));

/** The columns of `markets`. */
export const MARKET_COLUMNS: readonly string[] = Object.values(COLUMNS_OF).flat();
