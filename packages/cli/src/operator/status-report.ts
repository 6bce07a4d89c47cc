import type { IngestorStatus, SchedulerStatus, ServiceStatus, WriterStatus } from '@polytape/types';

/** The answers of a recorder's services to one status request. */
export type StatusReport = {
  atMs: number;
  services: readonly ServiceStatus[];
  /** Ingestors whose keys are alive but which did not answer. */
  silentIngestors: readonly string[];
  /** Reasons of services that refused to answer. */
  refusals: readonly string[];
};

/** The figures at the top of the status; times are milliseconds since the epoch. */
export type StatusFigures = {
  tradesReceived: number;
  tradesWritten: number;
  batchesWritten: number;
  activeConnections: number;
  /** Connections that were lost and came back. */
  reconnections: number;
  /** Connections replaced by a fresh one. */
  recycled: number;
  queueDepth: number;
  lastTradeAtMs: number | null;
  lastWriteAtMs: number | null;
  lastReconnectAtMs: number | null;
  /** Start of the service that has been running longest. */
  startedAtMs: number | null;
};

export function ingestorsOf({ services }: Pick<StatusReport, 'services'>): IngestorStatus[] {
  return services.filter((status) => status.service === 'ws-ingestor').sort(byId);
}

export function schedulersOf({ services }: Pick<StatusReport, 'services'>): SchedulerStatus[] {
  return services.filter((status) => status.service === 'scheduler').sort(byId);
}

/** The leading scheduler; null when none of those that answered leads. */
export function leaderOf(report: Pick<StatusReport, 'services'>): SchedulerStatus | null {
  return schedulersOf(report).find(({ isLeading }) => isLeading) ?? null;
}

/** Number of tokens in each shard of the plan; empty when no leader answered. */
export function plannedTokens(report: Pick<StatusReport, 'services'>): Map<number, number> {
  return new Map(leaderOf(report)?.plan?.perShard.map(({ shard, tokens }) => [shard, tokens]));
}

export function writersOf({ services }: Pick<StatusReport, 'services'>): WriterStatus[] {
  return services.filter((status) => status.service === 'writer').sort(byId);
}

/** Sums over the services that are running; the counts of services that ended are lost. */
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
