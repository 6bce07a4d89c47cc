import { isConditionId, isTokenId, type Market, type MarketFees } from '@polytape/types';
import { z } from 'zod';
import { canonicalConditionId } from '../canonical-condition-id.ts';
import {
  camelCased,
  decimal,
  decoration,
  flag,
  given,
  keptText,
  optionalFlag,
  text,
  texts,
  time,
} from './gamma-fields.ts';
import { type GammaSettlement, readGammaSettlement } from './gamma-settlement.ts';

/**
 * Gamma's description of a market. The scheduler adds the version, the time of reading and the resolution, which it derives
 * from `settlement`; that is not part of the published document.
 *
 * Decimals are canonical, so that `1234.50` and `1234.5` are no difference.
 */
export type GammaMarket = Omit<Market, 'version' | 'seenAtMs' | 'resolution'> & {
  /** `askedAtMs`: our clock when Gamma was asked. Its answer about a closing may be outdated when it is read. */
  settlement: GammaSettlement & { askedAtMs: number };
};

/** An entry of a list that is not a usable market, and why. */
export type SkippedMarket = {
  kind:
    | 'unreadable'
    | 'no-condition-id'
    /** A placeholder: the venue assigns the ids later. */
    | 'no-token-ids'
    | 'not-binary'
    /** An unknown position system: polytape must learn it. */
    | 'unsupported-version';
  /** In words. */
  reason: string;
  gammaId: string | null;
  conditionId: string | null;
};

/**
 * Reads one market of a Gamma list, in camelCase or snake_case, its lists native or written as strings.
 *
 * Which ids trade: `clobTokenIds` for version `v1`, `positionIds` for `v2`, even if both are present. No market recorded up
 * to July 2026 has a version; all of them trade under `clobTokenIds` (compared with their order books), even if
 * `positionIds` is present. So a missing version means `v1` if there are such ids and the condition id is not a short one
 * of the second system; otherwise the ids are not available yet. Any other version is refused.
 *
 * @param askedAtMs When Gamma was asked, milliseconds since the epoch.
 */
export function readGammaMarket(raw: unknown, askedAtMs = Date.now()): GammaEntry {
  try {
    return readEntry(raw, askedAtMs);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return skipped(raw, 'unreadable', 'unreadable: nested too deeply');
  }
}

type GammaEntry = { market: GammaMarket } | { skipped: SkippedMarket };

function readEntry(raw: unknown, askedAtMs: number): GammaEntry {
  const skip = (kind: SkippedMarket['kind'], reason: string) => skipped(raw, kind, reason);
  const parsed = marketSchema.safeParse(camelCased(raw));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return skip(
      'unreadable',
      `unreadable: ${issue?.path.join('.') || 'the entry'}: ${issue?.message ?? 'not an object'}`,
    );
  }
  const fields = parsed.data;
  const gammaId = fields.id;
  const givenId = fields.conditionId ?? '';
  if (!isConditionId(givenId)) return skip('no-condition-id', 'no condition id');

  const protocol = protocolOf(fields.version, givenId);
  if (protocol === 'unsupported') {
    return skip(
      'unsupported-version',
      `version ${JSON.stringify(fields.version)} of the position system is not supported`,
    );
  }
  if (protocol === null) return skip('no-token-ids', 'no version and no token ids yet');
  const ids = protocol === 'v1' ? fields.clobTokenIds : fields.positionIds;
  if (ids.length === 0) return skip('no-token-ids', `no ${protocol === 'v1' ? 'clobTokenIds' : 'positionIds'} yet`);
  if (fields.outcomes.length !== 2) return skip('not-binary', `${fields.outcomes.length} outcomes, not two`);
  const [first = '', second = ''] = ids;
  if (ids.length !== 2 || first === second) return skip('not-binary', `${new Set(ids).size} token ids, not two`);
  if (!isTokenId(first) || !isTokenId(second)) return skip('unreadable', 'unreadable: a token id is malformed');

  const [firstOutcome = '', secondOutcome = ''] = fields.outcomes;
  const event = fields.events[0];
  return {
    market: {
      conditionId: canonicalConditionId(givenId, first),
      gammaId: gammaId ?? '',
      question: fields.question ?? '',
      slug: fields.slug ?? '',
      protocol,
      tokens: [
        { tokenId: first, outcome: firstOutcome, outcomeIndex: 0 },
        { tokenId: second, outcome: secondOutcome, outcomeIndex: 1 },
      ],
      event: event?.id == null ? null : { id: event.id, slug: event.slug ?? '', title: event.title ?? '' },
      groupItemTitle: fields.groupItemTitle,
      // `question_id` in snake_case, `questionID` in the venue's usual spelling.
      questionId: fields.questionID ?? fields.questionId,
      category: fields.category,
      tags: tagsOf(fields.tags),
      active: fields.active,
      closed: fields.closed,
      acceptingOrders: fields.acceptingOrders,
      negRisk: fields.negRisk,
      tickSize: fields.orderPriceMinTickSize,
      sizeMin: fields.orderMinSize,
      fees: feesOf(fields),
      volume: fields.volume ?? fields.volumeNum,
      volume24h: fields.volume24hr,
      liquidity: fields.liquidity ?? fields.liquidityNum,
      startAtMs: fields.startDate,
      endAtMs: fields.endDate,
      closedAtMs: fields.closedTime,
      settlement: { ...readGammaSettlement(raw), askedAtMs },
    },
  };
}

function skipped(raw: unknown, kind: SkippedMarket['kind'], reason: string): { skipped: SkippedMarket } {
  const ids = idsSchema.safeParse(camelCased(raw)).data;
  return { skipped: { kind, reason, gammaId: ids?.id ?? null, conditionId: ids?.conditionId ?? null } };
}

function protocolOf(version: unknown, conditionId: string): 'v1' | 'v2' | 'unsupported' | null {
  if (version === 'v1' || version === 'v2') return version;
  if (version !== undefined && version !== null && version !== '') return 'unsupported';
  return conditionId.length === V2_CONDITION_ID_LENGTH ? null : 'v1';
}

function tagsOf(tags: z.output<typeof marketSchema>['tags']): string[] {
  return tags.slice(0, TAGS_MAX).flatMap((tag) => {
    const name = tag.slug ?? tag.label;
    return name === null ? [] : keptText(name, TAG_LENGTH_MAX);
  });
}

/** Null if the venue has no fee fields. The schedule is what traders pay; `makerBaseFee` and `takerBaseFee` are obsolete. */
function feesOf(fields: z.output<typeof marketSchema>): MarketFees | null {
  const { feesEnabled, feeType, feeSchedule } = fields;
  if (feesEnabled === null && feeSchedule === null) return null;
  return {
    enabled: feesEnabled ?? true,
    type: feeType,
    rate: feeSchedule?.rate ?? null,
    exponent: feeSchedule?.exponent ?? null,
    takerOnly: feeSchedule?.takerOnly ?? null,
    rebateRate: feeSchedule?.rebateRate ?? null,
  };
}

const feeScheduleSchema = z.looseObject({
  rate: decimal,
  exponent: decimal,
  takerOnly: optionalFlag,
  rebateRate: decimal,
});

const idsSchema = z.looseObject({ id: text, conditionId: text });

const marketSchema = idsSchema.extend({
  version: given,
  clobTokenIds: texts,
  positionIds: texts,
  outcomes: texts,
  question: text,
  slug: text,
  category: text,
  events: decoration(z.looseObject({ id: text, slug: text, title: text })),
  tags: decoration(z.looseObject({ slug: text, label: text })),
  active: flag,
  closed: flag,
  acceptingOrders: flag,
  negRisk: flag,
  groupItemTitle: text,
  questionID: text,
  questionId: text,
  feesEnabled: optionalFlag,
  feeType: text,
  feeSchedule: given.transform((value) => feeScheduleSchema.safeParse(camelCased(value)).data ?? null),
  volume: decimal,
  volumeNum: decimal,
  volume24hr: decimal,
  liquidity: decimal,
  liquidityNum: decimal,
  orderPriceMinTickSize: decimal,
  orderMinSize: decimal,
  startDate: time,
  endDate: time,
  closedTime: time,
});

/** `0x` and 62 hex digits. */
const V2_CONDITION_ID_LENGTH = 64;
/** About ten are usual. */
const TAGS_MAX = 100;
const TAG_LENGTH_MAX = 200;
