/**
 * The venue announced a market, or its resolution; the body of a message on `pm.event.<conditionId>.<type>`.
 *
 * Source: market channel, `new_market` and `market_resolved`. Connections with custom features receive them for every
 * market, whatever they subscribe to. Several connections receive the same event: its message id makes it one.
 */
export type LifecycleEvent = {
  type: 'new_market' | 'market_resolved';
  conditionId: string;
  /** Gamma's own id, a decimal string. */
  gammaId: string;
  /** In the order of the outcomes; empty while the venue has assigned none. */
  tokenIds: string[];
  /** Of a new market; null when the venue gave none. */
  question: string | null;
  slug: string | null;
  /** Of a resolved market; null when the venue gave none. The shape of a split resolution is unknown. */
  winningTokenId: string | null;
  winningOutcome: string | null;
  /** The venue's clock, milliseconds since the epoch. */
  exchangeAtMs: number;
  /** Our clock when the frame arrived, microseconds since the epoch. */
  receivedAtUs: number;
};

/** The message id: type, condition and the venue's time, as in the table's natural key. */
export function lifecycleMessageId(event: Pick<LifecycleEvent, 'type' | 'conditionId' | 'exchangeAtMs'>): string {
  return `${event.type}:${event.conditionId}:${event.exchangeAtMs}`;
}
