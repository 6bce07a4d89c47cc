import type { MarketResolvedEvent, NewMarketEvent, TickSizeChangeEvent } from '@polytape/polymarket';
import type { LifecycleEvent, TickSizeChange } from '@polytape/types';

/** The fact that a new or resolved market becomes in the log. */
export function lifecycleFromEvent(event: NewMarketEvent | MarketResolvedEvent, receivedAtUs: number): LifecycleEvent {
  const { conditionId, gammaId, tokenIds, timestamp } = event;
  const isNew = event.type === 'newMarket';
  return {
    type: isNew ? 'new_market' : 'market_resolved',
    conditionId,
    gammaId,
    tokenIds,
    question: isNew ? event.question : null,
    slug: isNew ? event.slug : null,
    winningTokenId: isNew ? null : event.winningTokenId,
    winningOutcome: isNew ? null : event.winningOutcome,
    outcomes: isNew ? event.outcomes : [],
    exchangeAtMs: Number(timestamp),
    receivedAtUs,
  };
}

/** The fact that a tick size change becomes in the log. */
export function tickSizeFromEvent(event: TickSizeChangeEvent, receivedAtUs: number): TickSizeChange {
  const { conditionId, tokenId, oldTickSize, newTickSize, timestamp } = event;
  return {
    type: 'tick_size_change',
    conditionId,
    tokenId,
    oldTickSize,
    newTickSize,
    exchangeAtMs: Number(timestamp),
    receivedAtUs,
  };
}
