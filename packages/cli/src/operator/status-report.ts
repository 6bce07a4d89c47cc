import type { IngestorStatus, SchedulerStatus, ServiceStatus, WriterStatus } from '@polytape/types';

/** What was learned of a running recorder in one look. */
export type StatusReport = {
  atMs: number;
  services: readonly ServiceStatus[];
  /** Ingestors that say of themselves that they live, and did not answer. */
  silentIngestors: readonly string[];
  /** What services answered instead of their status. */
  refusals: readonly string[];
};

/** What an operator of a trade listener looks at first; times are milliseconds since the epoch. */
export type StatusFigures = {
  tradesReceived: number;
  tradesWritten: number;
  batchesWritten: number;
  activeConnections: number;
  /** Connections that were lost and came back. */
  reconnections: number;
  /** Connections that gave way to a fresh one. */
  recycled: number;
  queueDepth: number;
  lastTradeAtMs: number | null;
  lastWriteAtMs: number | null;
  lastReconnectAtMs: number | null;
  /** Of the service that has been running longest. */
  startedAtMs: number | null;
};

export function ingestorsOf({ services }: Pick<StatusReport, 'services'>): IngestorStatus[] {
  return services.filter((status) => status.service === 'ws-ingestor').sort(byId);
}

export function schedulersOf({ services }: Pick<StatusReport, 'services'>): SchedulerStatus[] {
  return services.filter((status) => status.service === 'scheduler').sort(byId);
}

/** The scheduler that leads; null when none does that answers. */
export function leaderOf(report: Pick<StatusReport, 'services'>): SchedulerStatus | null {
  return schedulersOf(report).find(({ isLeading }) => isLeading) ?? null;
}

/** Tokens of each shard of the plan, whoever records it; empty when nobody tells. */
export function plannedTokens(report: Pick<StatusReport, 'services'>): Map<number, number> {
  return new Map(leaderOf(report)?.plan?.perShard.map(({ shard, tokens }) => [shard, tokens]));
}

export function writersOf({ services }: Pick<StatusReport, 'services'>): WriterStatus[] {
  return services.filter((status) => status.service === 'writer').sort(byId);
}

/** Over all services that run; of those that ended nothing is known. */
export function figuresOf(report: Pick<StatusReport, 'services'>): StatusFigures {
  const ingestors = ingestorsOf(report);
  const writers = writersOf(report);
  const connections = ingestors.flatMap(({ shards }) => shards.flatMap((shard) => shard.connections));
  return {
    tradesReceived: sum(ingestors.map(({ trades }) => trades)),
    tradesWritten: sum(writers.map(({ tradesWritten }) => tradesWritten)),
    batchesWritten: sum(writers.map(({ batchesWritten }) => batchesWritten)),
    activeConnections: connections.length,
    reconnections: sum(ingestors.map(({ reconnections }) => reconnections)),
    recycled: sum(ingestors.map(({ recycling }) => recycling.completed)),
    queueDepth: sum(ingestors.map(({ queued }) => queued)),
    lastTradeAtMs: latest(ingestors.map(({ lastTradeAtMs }) => lastTradeAtMs)),
    lastWriteAtMs: latest(writers.map(({ lastWriteAtMs }) => lastWriteAtMs)),
    lastReconnectAtMs: latest(ingestors.map(({ lastReconnectAtMs }) => lastReconnectAtMs)),
    startedAtMs: report.services.reduce<number | null>(
      (earliest, { startedAtMs }) => Math.min(earliest ?? startedAtMs, startedAtMs),
      null,
    ),
  };
}

function byId(a: ServiceStatus, b: ServiceStatus): number {
  return a.id.localeCompare(b.id);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function latest(times: readonly (number | null)[]): number | null {
  return times.reduce((last, time) => (time === null ? last : Math.max(last ?? time, time)), null);
}
