/** A stream: its subjects and how long it keeps messages. */
export type StreamDefinition = {
  description: string;
  subjects: string[];
  /** Milliseconds for which a message is kept; null keeps it forever. */
  keepsMs: number | null;
  /** Messages kept per subject; null keeps all. */
  keepsPerSubject: number | null;
  /** Bytes above which the oldest messages are dropped; null keeps all. */
  keepsBytes: number | null;
};

/** A KV bucket of JSON values. */
export type BucketDefinition = {
  description: string;
  /** Milliseconds after its last write at which a key expires; null keeps keys forever. At least 1,000. */
  ttlMs: number | null;
};

/** Everything that polytape keeps in JetStream: names in capitals are streams, the others KV buckets. */
export type Topology = {
  streams: Record<StreamName, StreamDefinition>;
  buckets: Record<BucketName, BucketDefinition>;
};

export type StreamName = 'TRADES' | 'UNPARSED' | 'PRICES' | 'BOOKS' | 'MARKETS' | 'EVENTS';
export type BucketName = 'shards' | 'ingestors' | 'leader';

const DAY_MS = 24 * 60 * 60 * 1_000;
const GIB = 1_024 ** 3;

/** The one table of streams and buckets; `Bus.reconcile` makes the server agree with it. */
export const TOPOLOGY: Topology = {
  streams: {
    TRADES: {
      description: 'Every trade, one message each.',
      subjects: ['pm.trade.*.*'],
      keepsMs: 30 * DAY_MS,
      keepsPerSubject: null,
      keepsBytes: null,
    },
    // Before the two large ones, which take what a small disk leaves them.
    UNPARSED: {
      description: 'Samples of what could not be parsed, and how much more there was of it.',
      subjects: ['pm.unparsed.*'],
      keepsMs: 30 * DAY_MS,
      keepsPerSubject: null,
      keepsBytes: GIB / 4,
    },
    PRICES: {
      description: 'Prices of every token, interval by interval.',
      subjects: ['pm.price.*'],
      keepsMs: 7 * DAY_MS,
      keepsPerSubject: null,
      keepsBytes: 2 * GIB,
    },
    BOOKS: {
      description: 'Order books, interval by interval.',
      subjects: ['pm.book.*'],
      keepsMs: 3 * DAY_MS,
      keepsPerSubject: null,
      keepsBytes: 8 * GIB,
    },
    MARKETS: {
      description: 'The last whole document of every market.',
      subjects: ['pm.market.*'],
      keepsMs: null,
      keepsPerSubject: 1,
      keepsBytes: null,
    },
    EVENTS: {
      description: 'What happened to markets: announced, changed, resolved.',
      subjects: ['pm.event.*.*'],
      keepsMs: null,
      keepsPerSubject: null,
      keepsBytes: null,
    },
  },
  buckets: {
    shards: { description: 'The shard plan: what to record.', ttlMs: null },
    // Liveness: each ingestor renews its key every 5 s. A per-key TTL would be lost on update, hence the bucket's.
    ingestors: { description: 'Who is alive and records what.', ttlMs: 15_000 },
    // Renewed every 5 s by revision, so that the leader notices a lost answer or a rival.
    leader: { description: 'Which scheduler leads.', ttlMs: 15_000 },
  },
};
