/** A service's answer to a request on `pm.cmd.status`. */
export type ServiceStatus = IngestorStatus | SchedulerStatus | WriterStatus;

/** Times are milliseconds since the epoch; counts begin with the process. */
export type IngestorStatus = {
  service: 'ws-ingestor';
  id: string;
  startedAtMs: number;
  trades: number;
  lastTradeAtMs: number | null;
  /** Trades and events that JetStream has not acknowledged yet. */
  queued: number;
  /** Connections that were lost and came back. Connections that were replaced, also because they stalled, count as recycled. */
  reconnections: number;
  lastReconnectAtMs: number | null;
  recycling: RecyclingStats;
  shards: ShardStatus[];
};

export type RecyclingStats = {
  started: number;
  completed: number;
  failed: number;
  /** Tokens on the connections that were replaced. */
  tokensMoved: number;
  /** Total time for which an old and a new connection both recorded. */
  overlapMs: number;
};

export type ShardStatus = {
  shard: number;
  state: 'opening' | 'covered' | 'releasing';
  /** Share of the tokens ever subscribed on the connection that have left it: 0 to 1. */
  pollution: number;
  /** How often the shard's connection was lost and came back. */
  reconnects: number;
  /** Tokens that got no book on two connections in a row. */
  missing: string[];
  /** The shard's first books came in a frame above the frame limit: the shard must become smaller. */
  dumpTooLarge?: true;
  connections: ConnectionStatus[];
};

export type ConnectionStatus = {
  connectionId: string;
  /** `successor`: will take over from the current one; `draining`: has been replaced and will be closed. */
  role: 'current' | 'successor' | 'draining';
  openedAtMs: number;
  tokens: number;
  covered: number;
  /** Average over about the last 10 s. */
  framesPerSecond: number;
  lastFrameAtMs: number | null;
};

export type SchedulerStatus = {
  service: 'scheduler';
  id: string;
  startedAtMs: number;
  isLeading: boolean;
  /** Of the leader; null of those that stand by. */
  plan: {
    shards: number;
    tokens: number;
    markets: { open: number; pending: number; subscribed: number; expired: number };
    capacity: { total: number; free: number };
    /** `tokensTarget`: where the shard is filled to less than the setting; null else. */
    perShard: { shard: number; tokens: number; tokensTarget: number | null }[];
  } | null;
  /** What was published and JetStream has not acknowledged yet; `oldestAtMs`: when the oldest of it was published. */
  unacknowledged: { messages: number; oldestAtMs: number | null };
  jobs: JobStatus[];
};

export type JobStatus = {
  name: string;
  /** 0: switched off. */
  intervalMs: number;
  isRunning: boolean;
  runs: number;
  failures: number;
  /** Runs that took longer than the interval. */
  overruns: number;
  /** Of the last run that worked. */
  items: number;
  errors: number;
  durationMs: number | null;
  lastSuccessAtMs: number | null;
  /** For jobs that rotate through items: when the least recently read item was read. Null where all are read in each run. */
  oldestAtMs: number | null;
  /** Why the last run failed; null when it did not. */
  failure: string | null;
};

export type WriterStatus = {
  service: 'writer';
  id: string;
  startedAtMs: number;
  tradesWritten: number;
  batchesWritten: number;
  lastWriteAtMs: number | null;
  /** What the database offers: `timescaledb-community`, `timescaledb-apache` or `postgresql`. */
  edition: string;
  /**
   * Streams that this writer projects; it stands by for the others. `behind`: messages that are not stored yet, null when
   * the log cannot be asked.
   */
  streams: { stream: string; behind: number | null }[];
};
