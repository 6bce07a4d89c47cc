import type { RecyclingStats } from '@polytape/types';
import type { RecycleReason } from './replacement/recycle-reason.ts';

/** An ingestor's counters since its start. Recorders increment them; metrics and `polytape status` read them. */
export type IngestorCounters = ReturnType<typeof newCounters>;

export type RecycleCounts = Pick<RecyclingStats, 'started' | 'completed' | 'failed'>;

export function newCounters() {
  const none = (): RecycleCounts => ({ started: 0, completed: 0, failed: 0 });
  const recycles: Record<RecycleReason, RecycleCounts> = {
    operator: none(),
    stalled: none(),
    missing_books: none(),
    pollution: none(),
    age: none(),
  };
  return {
    frames: 0,
    trades: 0,
    /** Our clock, milliseconds since the epoch; null before the first trade. */
    lastTradeAtMs: null as number | null,
    /** New and resolved markets, counted on each connection that receives them. */
    lifecycleEvents: 0,
    tickSizeChanges: 0,
    unparsed: 0,
    /** Unparsed frames and events that were counted but not kept. */
    unparsedOmitted: 0,
    /** Frames above the size limit, each of which ended its connection. */
    framesTooLarge: 0,
    connectionsOpened: 0,
    connectionsClosed: 0,
    /** Connections that were lost and came back. Connections replaced on purpose count under `recycles`. */
    reconnections: 0,
    lastReconnectAtMs: null as number | null,
    /** Replacements of connections by successors, by reason. */
    recycles,
    recycled: { tokensMoved: 0, overlapMs: 0 } satisfies Partial<RecyclingStats>,
    /** Connections that were open but dead. */
    stalls: 0,
    /** Total time for which those had been silent. */
    stalledMs: 0,
    /** Silences in which nothing had happened at the venue. */
    quietSpells: 0,
    /** Shards handed over to others that cover them. */
    shardsReleased: 0,
    /** Shards whose release was taken back because others did not cover them after all. */
    releasesTakenBack: 0,
    /** How often a full publishing queue paused the connections. */
    pauses: 0,
    /** Upper bound of the time span of frames lost because connections were closed unread. */
    unreadMs: 0,
  };
}
