import type { SimEvent, SimMarket } from '../catalogue/sim-market.ts';
import { ORDER_SIZE_MIN } from '../channel/market-frames.ts';
import { type Pair, type Standing, standingOf } from '../exchange/market-life.ts';
import type { GammaFigures } from './gamma-figures.ts';

/** Spelling of a document: lists as JSON text or as lists, names in camelCase or snake_case. */
export type DocumentSpelling = { lists: 'text' | 'native'; names: 'camel' | 'snake' };

/** A market as in Gamma: nullable fields, most lists as JSON text, some numbers both as text and as number. */
export function gammaMarket(
  market: SimMarket,
  { includeTag, figures, spelling }: { includeTag: boolean; figures: GammaFigures; spelling: DocumentSpelling },
): Record<string, unknown> {
  const { event, closed, book } = market;
  const open = closed === null;
  const standing = standingOf(market.steps);
  const { volume, liquidity } = figures;
  const created = iso(market.createdAtMs);
  const updated = iso(figures.updatedAtMs);
  const list = (values: readonly string[]): unknown =>
    spelling.lists === 'native' ? [...values] : JSON.stringify(values);
  const document = {
    id: market.gammaId,
    question: market.question,
    conditionId: market.conditionId,
    slug: market.slug,
    resolutionSource: '',
    endDate: isoSeconds(market.endAtMs),
    liquidity: String(liquidity),
    startDate: iso(market.createdAtMs + 300_000),
    image: IMAGE,
    icon: IMAGE,
    description: event.description,
    outcomes: list(market.tokens.map((token) => token.outcome)),
    outcomePrices: list(outcomePrices(market, standing, figures)),
    volume: String(volume),
    active: true,
    closed: !open,
    marketMakerAddress: '',
    createdAt: created,
    updatedAt: updated,
    ...(closed === null ? {} : { closedTime: spacedTime(closed.atMs) }),
    ...(standing.resolved === null ? {} : { umaEndDate: isoSeconds(standing.resolved.atMs) }),
    new: false,
    featured: false,
    submitted_by: SUBMITTER,
    archived: false,
    resolvedBy: standing.resolved?.automatic === true ? null : RESOLVER,
    restricted: true,
    groupItemTitle: market.groupItemTitle,
    groupItemThreshold: '0',
    questionID: market.questionId,
    enableOrderBook: true,
    orderPriceMinTickSize: Number(book.grid.tickSize),
    orderMinSize: Number(ORDER_SIZE_MIN),
    ...umaStatus(standing),
    volumeNum: volume,
    liquidityNum: liquidity,
    endDateIso: iso(market.endAtMs).slice(0, 10),
    startDateIso: created.slice(0, 10),
    hasReviewedDates: true,
    volume24hr: figures.volume24h,
    volume1wk: round(volume * 0.6, 6),
    volume1mo: volume,
    volume1yr: volume,
    version: market.protocol,
    ...tokenFields(market, list),
    comboStatus: 'disabled',
    umaBond: '500',
    umaReward: '5',
    volume24hrClob: figures.volume24h,
    volume1wkClob: round(volume * 0.6, 6),
    volume1moClob: volume,
    volume1yrClob: volume,
    volumeClob: volume,
    liquidityClob: liquidity,
    ...(event.feeType === null ? {} : { makerBaseFee: 1_000, takerBaseFee: 1_000 }),
    customLiveness: 0,
    acceptingOrders: open,
    negRisk: event.negRisk,
    ...(event.negRisk ? { negRiskMarketID: event.negRiskMarketId } : {}),
    negRiskRequestID: '',
    events: [gammaEvent(event, { closed: !open, updated })],
    ...(includeTag ? { tags: event.tags.map(gammaTag) } : {}),
    ready: false,
    funded: false,
    acceptingOrdersTimestamp: isoSeconds(market.createdAtMs + 120_000),
    cyom: false,
    competitive: open ? round(1 / (1 + (market.fairTick / book.grid.ticks - 0.5) ** 2), 6) : 0,
    pagerDutyNotificationEnabled: false,
    approved: true,
    rewardsMinSize: 50,
    rewardsMaxSpread: 4.5,
    spread: figures.bid === '' || figures.ask === '' ? 1 : round(Number(figures.ask) - Number(figures.bid), 4),
    ...(standing.resolved?.automatic === true ? { automaticallyResolved: true } : {}),
    lastTradePrice: Number(figures.lastPrice ?? 0),
    ...(figures.bid === '' ? {} : { bestBid: Number(figures.bid) }),
    bestAsk: figures.ask === '' ? 1 : Number(figures.ask),
    automaticallyActive: true,
    clearBookOnStart: true,
    seriesColor: '',
    showGmpSeries: false,
    showGmpOutcome: false,
    manualActivation: false,
    negRiskOther: false,
    umaResolutionStatuses: JSON.stringify(standing.history),
    pendingDeployment: false,
    deploying: false,
    deployingTimestamp: iso(market.createdAtMs + 90_000),
    rfqEnabled: false,
    holdingRewardsEnabled: false,
    feesEnabled: event.feeType !== null,
    requiresTranslation: false,
    feeType: event.feeType,
    ...(event.feeType === null ? {} : { feeSchedule: { exponent: 1, rate: 0.05, takerOnly: true, rebateRate: 0.15 } }),
  };
  return spelling.names === 'snake' ? inSnakeCase(document) : document;
}

const IMAGE = 'https://venue-sim.invalid/market.png';
const SUBMITTER = '0x1111111111111111111111111111111111111111';
const RESOLVER = '0x2222222222222222222222222222222222222222';

/** The ids of the market's position system, and in some documents those of the other system as well, as Gamma has them. */
function tokenFields(market: SimMarket, list: (values: readonly string[]) => unknown): Record<string, unknown> {
  const ids = list(market.tokens.map((token) => token.tokenId));
  if (market.protocol === 'v1') {
    return { clobTokenIds: ids, ...(market.otherIds === null ? {} : { positionIds: market.otherIds }) };
  }
  return {
    ...(market.otherIds === null ? {} : { clobTokenIds: list(market.otherIds) }),
    positionIds: market.tokens.map((token) => token.tokenId),
  };
}

/** The payouts if resolved, the last marks if closed, otherwise the midpoint or its stand-in. */
function outcomePrices(market: SimMarket, { resolved, closed }: Standing, { bid, ask }: GammaFigures): Pair {
  if (resolved !== null) return resolved.payouts;
  if (closed !== null) return closed.marks;
  const price = bid === '' || ask === '' ? market.fairTick / market.book.grid.ticks : (Number(bid) + Number(ask)) / 2;
  return [String(round(price, 5)), String(round(1 - price, 5))];
}

/** UMA's status, also before the market closes; absent before the first proposal. */
function umaStatus({ phase }: Standing): Record<string, unknown> {
  return phase === 'proposed' || phase === 'disputed' || phase === 'resolved' ? { umaResolutionStatus: phase } : {};
}

/** `conditionId` becomes `condition_id`, `questionID` becomes `question_id`. Does not change names inside the values. */
function inSnakeCase(document: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(document).map(([name, value]) => [
      name.replace(/([a-z0-9])([A-Z]+)/g, (_, before: string, after: string) => `${before}_${after}`).toLowerCase(),
      value,
    ]),
  );
}

function gammaEvent(
  event: SimEvent,
  { closed, updated }: { closed: boolean; updated: string },
): Record<string, unknown> {
  const created = iso(event.startAtMs);
  return {
    id: event.id,
    ticker: event.slug,
    slug: event.slug,
    title: event.title,
    description: event.description,
    resolutionSource: '',
    startDate: created,
    creationDate: created,
    endDate: isoSeconds(event.endAtMs),
    image: IMAGE,
    icon: IMAGE,
    active: true,
    closed,
    archived: false,
    new: false,
    featured: false,
    restricted: true,
    liquidity: 4_052.5,
    volume: 30_622.25,
    openInterest: 3_105.75,
    sortBy: 'price',
    createdAt: created,
    updatedAt: updated,
    competitive: 0.9,
    volume24hr: 282.5,
    volume1wk: 1_135.5,
    volume1mo: 29_701.5,
    volume1yr: 30_622.25,
    enableOrderBook: true,
    liquidityClob: 4_052.5,
    negRisk: event.negRisk,
    ...(event.negRisk ? { negRiskMarketID: event.negRiskMarketId } : {}),
    commentCount: 0,
    cyom: false,
    showAllOutcomes: true,
    showMarketImages: false,
    enableNegRisk: event.negRisk,
    automaticallyActive: true,
    gmpChartMode: 'default',
    negRiskAugmented: false,
    estimateValue: false,
    cumulativeMarkets: false,
    pendingDeployment: false,
    deploying: false,
    requiresTranslation: false,
  };
}

function gammaTag(label: string, index: number): Record<string, unknown> {
  return {
    id: String(100 + index),
    label,
    slug: label.toLowerCase().replace(/[^a-z0-9]+/g, '-'),
    forceShow: false,
    createdAt: '2025-01-01T00:00:00Z',
    updatedAt: '2025-01-01T00:00:00Z',
    requiresTranslation: false,
  };
}

function iso(atMs: number): string {
  return new Date(atMs).toISOString();
}

function isoSeconds(atMs: number): string {
  return `${iso(atMs).slice(0, 19)}Z`;
}

/** The format of closedTime: `2026-07-24 00:00:16+00`. */
function spacedTime(atMs: number): string {
  return `${iso(atMs).slice(0, 19).replace('T', ' ')}+00`;
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
