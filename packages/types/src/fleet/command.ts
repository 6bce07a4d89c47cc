/** Subjects on which the services answer operators' requests. */
export const COMMANDS = {
  /** Each service answers with its `ServiceStatus`. */
  status: 'pm.cmd.status',
  /** The leading scheduler answers a `SubscribeRequest` with a `SubscribeAnswer`. */
  subscribe: 'pm.cmd.subscribe',
  /** Each ingestor answers a `RecycleRequest` with a `RecycleAnswer`. */
  recycle: 'pm.cmd.recycle',
} as const;

/** A token id, a condition id or a slug. */
export type SubscribeRequest = { market: string };

export type SubscribeAnswer =
  | {
      conditionId: string;
      question: string;
      tokenIds: [string, string];
      /** Null while the market waits for a place. */
      shard: number | null;
      /** Whether an ingestor covers the shard in its present version. */
      isCovered: boolean;
    }
  | { refused: string };

export type RecycleRequest = { shard: number };

/**
 * `begun` also stands for a replacement that waits for its turn, or for room in a full publishing queue; ingestors that do
 * not record the shard answer `not_mine`. `connectionId` is the connection that will be closed, even if it is draining
 * already; null if it has no socket.
 */
export type RecycleAnswer = {
  ingestorId: string;
  result: 'begun' | 'running' | 'not_mine';
  connectionId: string | null;
};
