import type { Market } from './market.ts';

/**
 * A new version of a market's document; the body of a message on `pm.event.<conditionId>.market_changed`. The stream MARKETS
 * keeps the last document only; these messages are its history.
 */
export type MarketChange = {
  type: 'market_changed';
  conditionId: string;
  /** Names of the document's fields that differ from the version before; empty for the first one. */
  changed: string[];
  /** The whole new document. */
  market: Market;
};

/** Version and time: when a leader dies before it publishes the document, its successor uses the same version again. */
export function marketChangeMessageId({ market }: Pick<MarketChange, 'market'>): string {
  return `market_changed:${market.conditionId}:${market.version}:${market.seenAtMs}`;
}
