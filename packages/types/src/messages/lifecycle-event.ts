/**
 * The venue announced a market, or said how one was resolved; the body of a message on `pm.event.<conditionId>.<type>`.
 *
 * Source: market channel, `new_market` and `market_resolved`, which come to connections with custom features and tell of
 * every market, whatever is subscribed. Several connections hear the same fact: its message id makes it one.
 */
export type LifecycleEvent = {
  type: 'new_market' | 'market_resolved';
  conditionId: string;
  /** Gamma's own id, a decimal string. */
  gammaId: string;
  /** In the order of the outcomes; empty while the venue has given out none. */
  tokenIds: string[];
  /** Names of a new market's outcomes; empty where the venue named none. */
  outcomes: string[];
  /** Of a new market; null where the venue did not say. */
  question: string | null;
  slug: string | null;
  /** Of a resolved market; null where the venue did not say. How a split resolution looks here is not known. */
  winningTokenId: string | null;
  winningOutcome: string | null;
  /** The venue's clock, milliseconds since the epoch. */
  exchangeAtMs: number;
  /** Our clock when the frame arrived, microseconds since the epoch. */
  receivedAtUs: number;
};

/** What the broker, and later a natural key, knows the fact by: type, condition and the venue's time. */
export function lifecycleMessageId(event: Pick<LifecycleEvent, 'type' | 'conditionId' | 'exchangeAtMs'>): string {
  return `${event.type}:${event.conditionId}:${event.exchangeAtMs}`;
}
