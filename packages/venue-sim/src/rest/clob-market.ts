import type { SimMarket } from '../catalogue/sim-market.ts';
import { ORDER_SIZE_MIN } from '../channel/market-frames.ts';
import { standingOf } from '../exchange/market-life.ts';

/** A market as in the CLOB's `GET /markets/<condition id>`. `winner` is true only for a token that pays 1. */
export function clobMarket(market: SimMarket): Record<string, unknown> {
  const { event, closed, book, lastTrade } = market;
  const { resolved } = standingOf(market.steps);
  const fair = Number((market.fairTick / book.grid.ticks).toFixed(4));
  const prices = (resolved?.payouts ?? closed?.marks)?.map(Number) ?? [
    Number(lastTrade?.price ?? fair),
    Number(lastTrade?.mirrorPrice ?? 1 - fair),
  ];
  return {
    enable_order_book: closed === null,
    active: true,
    closed: closed !== null,
    archived: false,
    accepting_orders: closed === null,
    accepting_order_timestamp: new Date(market.createdAtMs + 120_000).toISOString(),
    minimum_order_size: Number(ORDER_SIZE_MIN),
    minimum_tick_size: Number(book.grid.tickSize),
    condition_id: market.conditionId,
    question_id: market.questionId,
    question: market.question,
    description: event.description,
    market_slug: market.slug,
    end_date_iso: new Date(market.endAtMs).toISOString(),
    game_start_time: null,
    seconds_delay: 0,
    fpmm: '',
    maker_base_fee: 0,
    taker_base_fee: Number(market.feeRateBps),
    notifications_enabled: true,
    neg_risk: event.negRisk,
    neg_risk_market_id: event.negRisk ? event.negRiskMarketId : '',
    neg_risk_request_id: '',
    icon: '',
    image: '',
    rewards: { rates: null, min_size: 50, max_spread: 4.5 },
    is_50_50_outcome: resolved?.payouts[0] === '0.5' && resolved.payouts[1] === '0.5',
    tokens: market.tokens.map(({ tokenId, outcome, outcomeIndex }) => ({
      token_id: tokenId,
      outcome,
      price: prices[outcomeIndex] ?? 0,
      winner: resolved?.payouts[outcomeIndex] === '1',
    })),
    tags: event.tags,
  };
}
