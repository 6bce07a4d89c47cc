/** Subjects on which the services answer an operator's requests. */
export const COMMANDS = {
  /** Every service answers with its `ServiceStatus`. */
  status: 'pm.cmd.status',
  /** The leading scheduler answers a `SubscribeRequest` with a `SubscribeAnswer`. */
  subscribe: 'pm.cmd.subscribe',
  /** Every ingestor answers a `RecycleRequest` with a `RecycleAnswer`. */
  recycle: 'pm.cmd.recycle',
} as const;

/** A token id, a condition id or a slug. */
export type SubscribeRequest = { market: string };

export type SubscribeAnswer =
  | {
      conditionId: string;
      question: string;
      tokenIds: [string, string];
      /** Null while it waits for a place. */
      shard: number | null;
      /** Whether an ingestor covers that shard in its present version. */
      isCovered: boolean;
    }
  | { refused: string };

export type RecycleRequest = { shard: number };

/**
 * `begun` also tells of a recycling that waits for its turn, or for room in a full publishing queue; `not_mine` comes from
 * all that do not record the shard. `connectionId`: the connection that goes, also while it drains already; null where it
 * has no socket.
 */
export type RecycleAnswer = {
  ingestorId: string;
  result: 'begun' | 'running' | 'not_mine';
  connectionId: string | null;
};
