import type { PublisherStats } from '@polytape/bus';
import type { IngestorStatus, RecyclingStats, ShardService } from '@polytape/types';
import type { IngestorCounters, RecycleCounts } from './ingestor-counters.ts';
import type { RecorderStatus } from './recording/shard-recorder.ts';

/** An ingestor's answer to `pm.cmd.status`, from its counters and shards. */
export function ingestorStatus(o: {
  ingestorId: string;
  startedAtMs: number;
  counters: IngestorCounters;
  publishing: Pick<PublisherStats, 'queued' | 'unacknowledged'>;
  services: ReadonlyMap<number, ShardService>;
  shards: readonly RecorderStatus[];
}): IngestorStatus {
  const { counters } = o;
  return {
    service: 'ws-ingestor',
    id: o.ingestorId,
    startedAtMs: o.startedAtMs,
    trades: counters.trades,
    lastTradeAtMs: counters.lastTradeAtMs,
    queued: o.publishing.queued + o.publishing.unacknowledged,
    reconnections: counters.reconnections,
    lastReconnectAtMs: counters.lastReconnectAtMs,
    recycling: recyclingStats(counters),
    shards: o.shards.map((shard) => {
      const { state = 'opening', missing = [] } = o.services.get(shard.shard) ?? {};
      return { ...shard, state, missing };
    }),
  };
}

function recyclingStats({ recycles, recycled }: IngestorCounters): RecyclingStats {
  const sum = (of: keyof RecycleCounts) => Object.values(recycles).reduce((total, counts) => total + counts[of], 0);
  return { started: sum('started'), completed: sum('completed'), failed: sum('failed'), ...recycled };
}
