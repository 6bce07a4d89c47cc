import { isConditionId, isTokenId, type Market } from '@polytape/types';
import {
  check,
  checkedBoolean,
  checkedDecimalOrNull,
  checkedOrdinal,
  checkedText,
  checkedTextOrNull,
  checkedTimeOrNull,
} from '../copy/field-check.ts';
import { UnstorableValueError } from '../errors.ts';

/**
 * A document as a row of `markets` or `market_versions`, names and values for `json_populate_recordset`. What documents
 * of older versions lack is null.
 *
 * @throws {UnstorableValueError} A field holds what its column cannot.
 */
export function marketRow(market: Market): object {
  check(isConditionId(market?.conditionId), 'conditionId', market?.conditionId);
  const tokens = tokenRows(market);
  return {
    condition_id: market.conditionId,
    version: checkedOrdinal('version', market.version),
    gamma_id: checkedText('gammaId', market.gammaId),
    question: checkedText('question', market.question),
    slug: checkedText('slug', market.slug),
    protocol: checkedText('protocol', market.protocol),
    event_id: checkedTextOrNull('event.id', market.event?.id),
    event_slug: checkedTextOrNull('event.slug', market.event?.slug),
    event_title: checkedTextOrNull('event.title', market.event?.title),
    category: checkedTextOrNull('category', market.category),
    tags: checkedTexts('tags', market.tags),
    active: checkedBoolean('active', market.active),
    closed: checkedBoolean('closed', market.closed),
    accepting_orders: checkedBoolean('acceptingOrders', market.acceptingOrders),
    neg_risk: checkedBoolean('negRisk', market.negRisk),
    tick_size: checkedDecimalOrNull('tickSize', market.tickSize),
    size_min: checkedDecimalOrNull('sizeMin', market.sizeMin),
    start_at: checkedTimeOrNull('startAtMs', market.startAtMs),
    end_at: checkedTimeOrNull('endAtMs', market.endAtMs),
    closed_at: checkedTimeOrNull('closedAtMs', market.closedAtMs),
    seen_at: checkedTimeOrNull('seenAtMs', market.seenAtMs),
    group_item_title: checkedTextOrNull('groupItemTitle', market.groupItemTitle),
    question_id: checkedTextOrNull('questionId', market.questionId),
    token_ids: tokens.map(({ token_id }) => token_id),
    outcomes: tokens.map(({ outcome }) => outcome),
    fees_enabled: orNull(market.fees?.enabled, (value) => checkedBoolean('fees.enabled', value)),
    fee_type: checkedTextOrNull('fees.type', market.fees?.type),
    fee_rate: checkedDecimalOrNull('fees.rate', market.fees?.rate),
    fee_exponent: checkedDecimalOrNull('fees.exponent', market.fees?.exponent),
    fee_taker_only: orNull(market.fees?.takerOnly, (value) => checkedBoolean('fees.takerOnly', value)),
    fee_rebate_rate: checkedDecimalOrNull('fees.rebateRate', market.fees?.rebateRate),
    volume: checkedDecimalOrNull('volume', market.volume),
    volume_24h: checkedDecimalOrNull('volume24h', market.volume24h),
    liquidity: checkedDecimalOrNull('liquidity', market.liquidity),
    resolution_state: checkedTextOrNull('resolution.state', market.resolution?.state),
    resolution_step: orNull(market.resolution?.step, (value) => checkedOrdinal('resolution.step', value)),
  };
}

/**
 * The columns that fields of a document are in, which is how `market_versions.changed` names them. A field that is more
 * than one column changes as one; a name that we do not know stays as it is.
 */
export function columnsOf(fields: readonly string[]): string[] {
  return [...new Set(fields.flatMap((field) => COLUMNS.get(field) ?? [field]))];
}

/** The market's tokens as rows of `tokens`. @throws {UnstorableValueError} as `marketRow`. */
export function tokenRows(market: Market): TokenRow[] {
  if (!Array.isArray(market.tokens)) throw new UnstorableValueError('tokens', market.tokens);
  return market.tokens.map((token) => {
    check(isTokenId(token?.tokenId), 'tokens.tokenId', token?.tokenId);
    return {
      token_id: token.tokenId,
      condition_id: market.conditionId,
      outcome: checkedText('tokens.outcome', token.outcome),
      outcome_index: checkedOrdinal('tokens.outcomeIndex', token.outcomeIndex),
    };
  });
}

type TokenRow = { token_id: string; condition_id: string; outcome: string; outcome_index: number };

/** What documents of older versions lack is null. */
function orNull<Value>(value: unknown, checked: (value: unknown) => Value): Value | null {
  return value === null || value === undefined ? null : checked(value);
}

function checkedTexts(field: string, values: unknown): string[] {
  if (!Array.isArray(values)) throw new UnstorableValueError(field, values);
  return values.map((value) => checkedText(field, value));
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
