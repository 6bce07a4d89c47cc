import { shownText } from '@polytape/service';
import type { ConnectionStatus, IngestorStatus, JobStatus, ServiceStatus, ShardStatus } from '@polytape/types';
import { type TextColumn, textTable } from '../terminal/text-table.ts';
import { shownAgo, shownCount, shownDuration, shownPlural, shownRate } from './shown-value.ts';
import {
  figuresOf,
  ingestorsOf,
  leaderOf,
  plannedTokens,
  type StatusReport,
  schedulersOf,
  writersOf,
} from './status-report.ts';
import { troublesOf } from './status-troubles.ts';

/**
 * Renders the status for a person: the figures, the problems, then the tables.
 *
 * @param o.columns Width of the terminal. Cells that do not fit are shortened, then columns are left out.
 * @param o.isWhole Shows all rows of a table instead of the first twenty. Rows with problems come first.
 */
export function renderStatus(report: StatusReport, o: { columns: number; isWhole: boolean }): string {
  const troubles = troublesOf(report);
  const lines = [
    ...figureLines(report),
    ...(troubles.length === 0 ? [] : ['', ...troubles.map((trouble) => `! ${trouble}`)]),
    ...section('plan', planLines(report)),
    ...section('ingestors', ingestorLines(report, o)),
    ...section('shards', shardLines(report, o)),
    ...section('connections', connectionLines(report, o)),
    ...section('jobs', jobLines(report, o)),
    ...section('writers', writerLines(report, o)),
  ];
  return lines.map(shownText).join('\n');
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines];
}

function figureLines(report: StatusReport): string[] {
  const figures = figuresOf(report);
  const moment = (atMs: number | null) => (atMs === null ? 'never' : `${utc(atMs)}, ${shownAgo(atMs, report.atMs)}`);
  const rows: [string, string][] = [
    ['trades received', `${shownCount(figures.tradesReceived)}${since(ingestorsOf(report), figures.startedAtMs)}`],
    ['trades written', `${shownCount(figures.tradesWritten)}${since(writersOf(report), figures.startedAtMs)}`],
    ['batches written', `${shownCount(figures.batchesWritten)}${since(writersOf(report), figures.startedAtMs)}`],
    ['active connections', shownCount(figures.activeConnections)],
    ['reconnections', shownCount(figures.reconnections)],
    ['recycled', shownCount(figures.recycled)],
    ['queue depth', shownCount(figures.queueDepth)],
    ['last trade', moment(figures.lastTradeAtMs)],
    ['last write', moment(figures.lastWriteAtMs)],
    ['last reconnect', moment(figures.lastReconnectAtMs)],
    ['started', moment(figures.startedAtMs)],
  ];
  return rows.map(([name, value]) => `${name.padEnd(20)}${value}`);
}

/** Since when services have counted, if some started later than others: otherwise received and written seem to disagree. */
function since(services: readonly ServiceStatus[], beganAtMs: number | null): string {
  const later = services.filter(({ startedAtMs }) => startedAtMs - (beganAtMs ?? startedAtMs) > BEGINNING_MS);
  if (later.length === 0) return '';
  const time = utc(Math.max(...later.map(({ startedAtMs }) => startedAtMs)));
  if (later.length === services.length) return `, counted since ${time}`;
  return `, ${later.length} of ${services.length} services only since ${time}`;
}

function planLines(report: StatusReport): string[] {
  const schedulers = schedulersOf(report);
  const leader = leaderOf(report);
  if (leader === null) return [];
  const standing = schedulers.length - 1;
  const lines = [`  leader ${leader.id}${standing === 0 ? '' : `, ${standing} standing by`}`];
  if (leader.plan === null) return [...lines, '  reading the plan from the log'];
  const { shards, tokens, markets, capacity, perShard } = leader.plan;
  const lowered = perShard.filter(({ tokensTarget }) => tokensTarget !== null);
  const named = lowered.slice(0, LOWERED_NAMED_MAX).map(({ shard, tokensTarget }) => `${shard} to ${tokensTarget}`);
  return [
    ...lines,
    `  ${shownPlural(shards, 'shard')}, ${shownPlural(tokens, 'token')}; room for ${shownCount(capacity.total)}, ${shownCount(capacity.free)} free`,
    ...(lowered.length === 0
      ? []
      : [
          `  lowered targets, because the venue serves no more: shard ${named.join(', ')}${lowered.length > named.length ? ', …' : ''}`,
        ]),
    `  markets: ${shownCount(markets.open)} open, ${shownCount(markets.subscribed)} subscribed, ${shownCount(markets.pending)} pending, ${shownCount(markets.expired)} expired`,
  ];
}

type IngestorRow = { ingestor: IngestorStatus; nowMs: number; isOdd: boolean };

function ingestorLines(report: StatusReport, o: { columns: number; isWhole: boolean }): string[] {
  const rows = ingestorsOf(report).map((ingestor) => ({ ingestor, nowMs: report.atMs, isOdd: false }));
  return cutTable(rows, INGESTOR_COLUMNS, o);
}

const INGESTOR_COLUMNS: TextColumn<IngestorRow>[] = [
  { head: 'ingestor', cell: ({ ingestor }) => ingestor.id, cutTo: 9 },
  {
    head: 'age',
    cell: ({ ingestor, nowMs }) => shownDuration(nowMs - ingestor.startedAtMs),
    isNumber: true,
    yields: 1,
  },
  { head: 'shards', cell: ({ ingestor }) => shownCount(ingestor.shards.length), isNumber: true },
  {
    head: 'connections',
    cell: ({ ingestor }) => shownCount(ingestor.shards.reduce((sum, { connections }) => sum + connections.length, 0)),
    isNumber: true,
    yields: 2,
  },
  { head: 'trades', cell: ({ ingestor }) => shownCount(ingestor.trades), isNumber: true },
  { head: 'queued', cell: ({ ingestor }) => shownCount(ingestor.queued), isNumber: true, yields: 3 },
];

/** How one ingestor serves one shard; `status` is null when no ingestor does. */
type ShardRow = { shard: number; owner: string; status: ShardStatus | null; planned: number | null; isOdd: boolean };

function shardLines(report: StatusReport, o: { columns: number; isWhole: boolean }): string[] {
  const planned = plannedTokens(report);
  const rows: ShardRow[] = ingestorsOf(report).flatMap(({ id, shards }) =>
    shards.map((status) => ({
      ...{ shard: status.shard, owner: id, status },
      planned: planned.get(status.shard) ?? null,
      isOdd: status.state !== 'covered' || status.missing.length > 0 || status.connections.length === 0,
    })),
  );
  const served = new Set(rows.map(({ shard }) => shard));
  for (const [shard, tokens] of planned) {
    if (!served.has(shard)) rows.push({ shard, owner: '(nobody)', status: null, planned: tokens, isOdd: true });
  }
  return cutTable(rows.sort(oddFirst), SHARD_COLUMNS, o);
}

const SHARD_COLUMNS: TextColumn<ShardRow>[] = [
  { head: 'shard', cell: ({ shard }) => String(shard), isNumber: true },
  { head: 'owner', cell: ({ owner }) => owner, cutTo: 9, yields: 4 },
  { head: 'state', cell: ({ status }) => status?.state ?? 'unserved' },
  {
    head: 'tokens',
    cell: ({ status, planned }) => shownCount(currentOf(status)?.tokens ?? planned ?? 0),
    isNumber: true,
  },
  { head: 'covered', cell: ({ status }) => shownCount(currentOf(status)?.covered ?? 0), isNumber: true },
  { head: 'missing', cell: ({ status }) => shownCount(status?.missing.length ?? 0), isNumber: true, yields: 3 },
  {
    head: 'pollution',
    cell: ({ status }) => `${Math.round(100 * (status?.pollution ?? 0))} %`,
    isNumber: true,
    yields: 1,
  },
  { head: 'reconnects', cell: ({ status }) => shownCount(status?.reconnects ?? 0), isNumber: true, yields: 2 },
];

type ConnectionRow = { shard: number; connection: ConnectionStatus; nowMs: number; isOdd: boolean };

function connectionLines(report: StatusReport, o: { columns: number; isWhole: boolean }): string[] {
  const rows: ConnectionRow[] = ingestorsOf(report).flatMap(({ shards }) =>
    shards.flatMap(({ shard, connections }) =>
      connections.map((connection) => ({
        ...{ shard, connection, nowMs: report.atMs },
        isOdd: connection.role !== 'current' || connection.covered < connection.tokens,
      })),
    ),
  );
  return cutTable(rows.sort(oddFirst), CONNECTION_COLUMNS, o);
}

const CONNECTION_COLUMNS: TextColumn<ConnectionRow>[] = [
  { head: 'connection', cell: ({ connection }) => connection.connectionId, cutTo: 10 },
  { head: 'shard', cell: ({ shard }) => String(shard), isNumber: true },
  { head: 'role', cell: ({ connection }) => connection.role, yields: 2 },
  {
    head: 'age',
    cell: ({ connection, nowMs }) => shownDuration(nowMs - connection.openedAtMs),
    isNumber: true,
    yields: 1,
  },
  { head: 'tokens', cell: ({ connection }) => shownCount(connection.tokens), isNumber: true },
  { head: 'covered', cell: ({ connection }) => shownCount(connection.covered), isNumber: true },
  { head: 'frames/s', cell: ({ connection }) => shownRate(connection.framesPerSecond), isNumber: true, yields: 3 },
  {
    head: 'last frame',
    cell: ({ connection, nowMs }) => shownAgo(connection.lastFrameAtMs, nowMs),
    isNumber: true,
    yields: 4,
  },
];

type JobRow = { job: JobStatus; nowMs: number };

function jobLines(report: StatusReport, { columns }: { columns: number }): string[] {
  const jobs = leaderOf(report)?.jobs ?? [];
  const rows = jobs.map((job) => ({ job, nowMs: report.atMs }));
  return rows.length === 0 ? [] : textTable(rows, JOB_COLUMNS, columns);
}

const JOB_COLUMNS: TextColumn<JobRow>[] = [
  { head: 'job', cell: ({ job }) => job.name },
  {
    head: 'every',
    cell: ({ job }) => (job.intervalMs === 0 ? 'off' : shownDuration(job.intervalMs)),
    isNumber: true,
    yields: 2,
  },
  { head: 'last success', cell: ({ job, nowMs }) => shownAgo(job.lastSuccessAtMs, nowMs), isNumber: true },
  { head: 'items', cell: ({ job }) => shownCount(job.items), isNumber: true, yields: 4 },
  { head: 'errors', cell: ({ job }) => shownCount(job.errors), isNumber: true, yields: 5 },
  {
    head: 'took',
    cell: ({ job }) => (job.durationMs === null ? '' : shownDuration(job.durationMs)),
    isNumber: true,
    yields: 1,
  },
  { head: 'failed', cell: ({ job }) => `${shownCount(job.failures)} of ${shownCount(job.runs)}`, yields: 3 },
  { head: 'too long', cell: ({ job }) => shownCount(job.overruns), isNumber: true, yields: 2 },
  {
    head: 'oldest',
    cell: ({ job, nowMs }) => (job.oldestAtMs === null ? '' : shownAgo(job.oldestAtMs, nowMs)),
    isNumber: true,
    yields: 1,
  },
  { head: '', cell: ({ job }) => (job.isRunning ? 'running' : ''), yields: 1 },
];

type StreamRow = { stream: string; behind: string; writer: string; edition: string };

function writerLines(report: StatusReport, { columns }: { columns: number }): string[] {
  const rows: StreamRow[] = writersOf(report).flatMap(({ id, edition, streams }) =>
    streams.length === 0
      ? [{ stream: '(standing by)', behind: '', writer: id, edition }]
      : streams.map(({ stream, behind }) => ({
          ...{ stream, writer: id, edition },
          behind: behind === null ? 'unknown' : shownCount(behind),
        })),
  );
  return rows.length === 0 ? [] : textTable(rows, STREAM_COLUMNS, columns);
}

const STREAM_COLUMNS: TextColumn<StreamRow>[] = [
  { head: 'stream', cell: ({ stream }) => stream },
  { head: 'behind', cell: ({ behind }) => behind, isNumber: true },
  { head: 'writer', cell: ({ writer }) => writer, cutTo: 9, yields: 2 },
  { head: 'database', cell: ({ edition }) => edition, yields: 1 },
];

/** The connection in charge: during a replacement, the one that is being replaced. */
function currentOf(status: ShardStatus | null): ConnectionStatus | null {
  return status?.connections.find(({ role }) => role === 'current') ?? status?.connections[0] ?? null;
}

function oddFirst(a: { shard: number; isOdd: boolean }, b: { shard: number; isOdd: boolean }): number {
  return Number(b.isOdd) - Number(a.isOdd) || a.shard - b.shard;
}

/** The table, cut to its first rows and a line with the number of the others. */
function cutTable<Row extends { isOdd: boolean }>(
  rows: readonly Row[],
  columns: readonly TextColumn<Row>[],
  o: { columns: number; isWhole: boolean },
): string[] {
  if (rows.length === 0) return [];
  const shown = o.isWhole ? rows : rows.slice(0, ROWS_SHOWN);
  const rest = rows.slice(shown.length);
  const odd = rest.filter(({ isOdd }) => isOdd).length;
  const more = `  … ${shownCount(rest.length)} more, ${odd === 0 ? 'all in order' : `${shownCount(odd)} with problems`} (--all shows them)`;
  return [...textTable(shown, columns, o.columns), ...(rest.length === 0 ? [] : [more])];
}

/** `2026-11-20 16:33:02 UTC`: the reader and the recorder may be in different time zones. */
function utc(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

const ROWS_SHOWN = 20;
/** Services that start together become ready one after the other. */
const BEGINNING_MS = 5_000;
const LOWERED_NAMED_MAX = 5;
