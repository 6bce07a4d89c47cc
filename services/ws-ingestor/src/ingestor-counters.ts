import type { RecyclingStats } from '@polytape/types';
import type { RecycleReason } from './replacement/recycle-reason.ts';

/** An ingestor's counters since its start. Recorders increment them; metrics and `polytape status` read them. */
export type IngestorCounters = {
  frames: number;
  trades: number;
  /** Our clock, milliseconds since the epoch; null before the first trade. */
  lastTradeAtMs: number | null;
  /** New and resolved markets, counted on each connection that receives them. */
  lifecycleEvents: number;
  tickSizeChanges: number;
  unparsed: number;
  /** Unparsed frames and events that were counted but not kept. */
  unparsedOmitted: number;
  /** Frames above the size limit, each of which ended its connection. */
  framesTooLarge: number;
  connectionsOpened: number;
  connectionsClosed: number;
  /** Connections that were lost and came back. Connections replaced on purpose count under `recycles`. */
  reconnections: number;
  lastReconnectAtMs: number | null;
  /** Replacements of connections by successors, by reason. */
  recycles: Record<RecycleReason, RecycleCounts>;
  recycled: Pick<RecyclingStats, 'tokensMoved' | 'overlapMs'>;
  /** Connections that were open but dead. */
  stalls: number;
  /** Total time for which those had been silent. */
  stalledMs: number;
  /** Silences in which nothing had happened at the venue. */
  quietSpells: number;
  /** Shards handed over to others that cover them. */
  shardsReleased: number;
  /** Shards whose release was taken back because others did not cover them after all. */
  releasesTakenBack: number;
  /** How often a full publishing queue paused the connections. */
  pauses: number;
  /** Upper bound of the time span of frames lost because connections were closed unread. */
  unreadMs: number;
};

export type RecycleCounts = Pick<RecyclingStats, 'started' | 'completed' | 'failed'>;

export function newCounters(): IngestorCounters {
  const none = (): RecycleCounts => ({ started: 0, completed: 0, failed: 0 });
  return {
    frames: 0,
    trades: 0,
    lastTradeAtMs: null,
    lifecycleEvents: 0,
    tickSizeChanges: 0,
    unparsed: 0,
    unparsedOmitted: 0,
    framesTooLarge: 0,
    connectionsOpened: 0,
    connectionsClosed: 0,
    reconnections: 0,
    lastReconnectAtMs: null,
    recycles: { operator: none(), stalled: none(), missing_books: none(), pollution: none(), age: none() },
    recycled: { tokensMoved: 0, overlapMs: 0 },
    stalls: 0,
    stalledMs: 0,
    quietSpells: 0,
    shardsReleased: 0,
    releasesTakenBack: 0,
    pauses: 0,
    unreadMs: 0,
  };
}
