import type { RecyclingStats } from '@polytape/types';
import type { RecycleReason } from './replacement/recycle-reason.ts';

/** What an ingestor has counted since it started; recorders add to it, metrics and `polytape status` read it. */
export type IngestorCounters = {
  frames: number;
  trades: number;
  /** Our clock, milliseconds since the epoch; null before the first one. */
  lastTradeAtMs: number | null;
  /** New and resolved markets that were heard of, each on each connection that hears them. */
  lifecycleEvents: number;
  tickSizeChanges: number;
  unparsed: number;
  /** Of the unparsed: those that were counted and not kept. */
  unparsedOmitted: number;
  /** Frames above the limit, each of which ended its connection. */
  framesTooLarge: number;
  connectionsOpened: number;
  connectionsClosed: number;
  /** Connections that were lost and came back; those that were replaced on purpose are counted under `recycles`. */
  reconnections: number;
  lastReconnectAtMs: number | null;
  /** Replacements of connections by their successors, by why. */
  recycles: Record<RecycleReason, RecycleCounts>;
  recycled: Pick<RecyclingStats, 'tokensMoved' | 'overlapMs'>;
  /** Connections that were open and dead. */
  stalls: number;
  /** For how long they had been silent, all together. */
  stalledMs: number;
  /** Silences that turned out to be nothing but quiet. */
  quietSpells: number;
  /** Shards let go of because others cover them. */
  shardsReleased: number;
  /** Shards whose release was tried and taken back: others did not cover them after all. */
  releasesTakenBack: number;
  /** How often a full publishing queue stopped the reading. */
  pauses: number;
  /** Time of frames that was given up, because connections had to be closed before all was read. */
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
