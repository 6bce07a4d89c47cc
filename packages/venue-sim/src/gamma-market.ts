import { bestPrices, ORDER_SIZE_MIN } from './market-frames.ts';
import { MICRO_PER_SHARE } from './share-size.ts';
import type { SimEvent, SimMarket } from './sim-market.ts';

/** A market as Gamma shows it: nullable everywhere, some lists as JSON text, the same number as text and as number. */
export function gammaMarket(market: SimMarket, { includeTag }: { includeTag: boolean }): Record<string, unknown> {
  const { event, closed, book } = market;
  const open = closed === null;
  const [first] = market.tokens;
  const top = bestPrices(book, first);
  const volume = round(market.flavour ** 4 * 2_000_000 + market.volumeMicro / MICRO_PER_SHARE, 6);
  const liquidity = open ? round(2_000 + market.flavour * 60_000, 5) : 0;
  const created = iso(market.createdAtMs);
  const updated = iso(closed?.atMs ?? market.lastTrade?.atMs ?? market.createdAtMs + 600_000);
  const ids = JSON.stringify(market.tokens.map((token) => token.tokenId));
  return {
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
    outcomes: JSON.stringify(market.tokens.map((token) => token.outcome)),
    outcomePrices: JSON.stringify(outcomePrices(market, top)),
    volume: String(volume),
    active: true,
    closed: !open,
    marketMakerAddress: '',
    createdAt: created,
    updatedAt: updated,
    ...(closed === null ? {} : { closedTime: spacedTime(closed.atMs), umaEndDate: isoSeconds(closed.atMs) }),
    new: false,
    featured: false,
    submitted_by: SUBMITTER,
    archived: false,
    resolvedBy: open ? RESOLVER : null,
    restricted: true,
    groupItemTitle: market.groupItemTitle,
    groupItemThreshold: '0',
    questionID: market.questionId,
    enableOrderBook: true,
    orderPriceMinTickSize: Number(book.grid.tickSize),
    orderMinSize: Number(ORDER_SIZE_MIN),
    ...(closed === null ? {} : { umaResolutionStatus: 'resolved' }),
    volumeNum: volume,
    liquidityNum: liquidity,
    endDateIso: iso(market.endAtMs).slice(0, 10),
    startDateIso: created.slice(0, 10),
    hasReviewedDates: true,
    volume24hr: round(volume * 0.1, 6),
    volume1wk: round(volume * 0.6, 6),
    volume1mo: volume,
    volume1yr: volume,
    version: market.protocol,
    ...tokenFields(market, ids),
    comboStatus: 'disabled',
    umaBond: '500',
    umaReward: '5',
    volume24hrClob: round(volume * 0.1, 6),
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
    spread: top.bid === '' || top.ask === '' ? 1 : round(Number(top.ask) - Number(top.bid), 4),
    ...(closed === null ? {} : { automaticallyResolved: true }),
    lastTradePrice: market.lastTrade === null ? 0 : Number(market.lastTrade.price),
    ...(top.bid === '' ? {} : { bestBid: Number(top.bid) }),
    bestAsk: top.ask === '' ? 1 : Number(top.ask),
    automaticallyActive: true,
    clearBookOnStart: true,
    seriesColor: '',
    showGmpSeries: false,
    showGmpOutcome: false,
    manualActivation: false,
    negRiskOther: false,
    umaResolutionStatuses: '[]',
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
}

const IMAGE = 'https://venue-sim.invalid/market.png';
const SUBMITTER = '0x1111111111111111111111111111111111111111';
const RESOLVER = '0x2222222222222222222222222222222222222222';

/** The ids of the market's own position system where Gamma puts them, and the other system's beside it where it does. */
function tokenFields(market: SimMarket, ids: string): Record<string, unknown> {
  if (market.protocol === 'v1') {
    return { clobTokenIds: ids, ...(market.otherIds === null ? {} : { positionIds: market.otherIds }) };
  }
  return {
    ...(market.otherIds === null ? {} : { clobTokenIds: JSON.stringify(market.otherIds) }),
    positionIds: market.tokens.map((token) => token.tokenId),
  };
}

/** Exactly 1 and 0 once resolved; before, the midpoint or what stands for it. */
function outcomePrices(market: SimMarket, top: { bid: string; ask: string }): [string, string] {
  if (market.closed !== null) return market.closed.winner === 0 ? ['1', '0'] : ['0', '1'];
  const price =
    top.bid === '' || top.ask === ''
      ? market.fairTick / market.book.grid.ticks
      : (Number(top.bid) + Number(top.ask)) / 2;
  return [String(round(price, 5)), String(round(1 - price, 5))];
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

/** `2026-07-24 00:00:16+00`, as closedTime is written. */
function spacedTime(atMs: number): string {
  return `${iso(atMs).slice(0, 19).replace('T', ' ')}+00`;
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
