import type { TickSizeChangeEvent } from '@polytape/polymarket';
import type { TickSizeChange } from '@polytape/types';

/** The fact that an event of the market channel tells of. */
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
