import type { ConnectionStatus, IngestorStatus, SchedulerStatus, ShardStatus, WriterStatus } from '@polytape/types';
import { describe, expect, test } from 'vitest';
import { figuresOf, type StatusReport } from '../../src/operator/status-report.ts';
import { troublesOf } from '../../src/operator/status-troubles.ts';
import { renderStatus } from '../../src/operator/status-view.ts';

const NOW = Date.UTC(2026, 10, 20, 16, 33, 2);

describe('the figures', () => {
  test('sum up all services that answer, with the latest trade and write and the earliest start', () => {
    const report = healthy({ shards: 3 });
    const second = { ...ingestor(1), id: 'other-00000002', trades: 5, reconnections: 2, queued: 7 };
    second.recycling.completed = 3;
    expect(figuresOf({ services: [...report.services, { ...second, lastReconnectAtMs: NOW - 60_000 }] })).toEqual({
      tradesReceived: 12_350,
      tradesWritten: 12_340,
      batchesWritten: 1_234,
      activeConnections: 4,
      reconnections: 2,
      recycled: 3,
      queueDepth: 7,
      lastTradeAtMs: NOW - 400,
      lastWriteAtMs: NOW - 300,
      lastReconnectAtMs: NOW - 60_000,
      startedAtMs: NOW - 7_200_000,
    });
  });

  test('are zero, and times are null, when no service answers', () => {
    expect(figuresOf({ services: [] })).toMatchObject({ tradesReceived: 0, lastTradeAtMs: null, startedAtMs: null });
  });
});

describe('the rendered status', () => {
  test('has the figures, the plan and a row for each shard and connection', () => {
    const lines = linesOf(healthy({ shards: 2 }));
    expect(lines.slice(0, 11)).toEqual([
      'trades received     12,345',
      'trades written      12,340',
      'batches written     1,234',
      'active connections  2',
      'reconnections       0',
      'recycled            0',
      'queue depth         0',
      'last trade          2026-11-20 16:33:01 UTC, 0.4 s ago',
      'last write          2026-11-20 16:33:01 UTC, 0.3 s ago',
      'last reconnect      never',
      'started             2026-11-20 14:33:02 UTC, 2 h ago',
    ]);
    expect(lines.filter((line) => line.startsWith('!'))).toEqual([]);
    expect(sectionOf(lines, 'plan')).toEqual([
      '  leader host-5c4ed001',
      '  2 shards, 800 tokens; room for 800, 0 free',
      '  markets: 400 open, 400 subscribed, 0 pending, 3 expired',
    ]);
    expect(sectionOf(lines, 'ingestors')).toEqual([
      '  ingestor       age  shards  connections  trades  queued',
      '  host-00000001  2 h       2            2  12,345       0',
    ]);
    expect(sectionOf(lines, 'shards')).toEqual([
      '  shard  owner          state    tokens  covered  missing  pollution  reconnects',
      '      0  host-00000001  covered     400      400        0        3 %           0',
      '      1  host-00000001  covered     400      400        0        3 %           0',
    ]);
    expect(sectionOf(lines, 'connections')).toEqual([
      '  connection        shard  role     age  tokens  covered  frames/s  last frame',
      '  0000000000000000      0  current  2 h     400      400       120   0.2 s ago',
      '  0000000000000001      1  current  2 h     400      400       120   0.2 s ago',
    ]);
    expect(sectionOf(lines, 'jobs')).toEqual([
      '  job     every  last success   items  errors   took  failed   too long    oldest',
      '  prices   60 s      12 s ago  31,200       4  2.1 s  1 of 40         2  70 s ago',
    ]);
    expect(sectionOf(lines, 'writers')).toEqual([
      '  stream   behind  writer         database',
      '  TRADES        5  host-2717e201  timescaledb-community',
      '  MARKETS       0  host-2717e201  timescaledb-community',
    ]);
  });

  test('says which counts began later than others, as after a restart of the writer', () => {
    const report = healthy({ shards: 1 });
    for (const status of report.services) if (status.service === 'writer') status.startedAtMs = NOW - 60_000;
    expect(linesOf(report).slice(0, 3)).toEqual([
      'trades received     12,345',
      'trades written      12,340, counted since 2026-11-20 16:32:02 UTC',
      'batches written     1,234, counted since 2026-11-20 16:32:02 UTC',
    ]);
    report.services = [...report.services, { ...ingestor(0), id: 'host-00000002', startedAtMs: NOW - 50_000 }];
    expect(linesOf(report)[0]).toBe('trades received     24,690, 1 of 2 services only since 2026-11-20 16:32:12 UTC');
  });

  test('lists an ingestor without shards', () => {
    const report = healthy({ shards: 1 });
    report.services = [...report.services, { ...ingestor(0), id: 'host-00000002', trades: 0 }];
    expect(sectionOf(linesOf(report), 'ingestors')[2]).toBe(
      '  host-00000002  2 h       0            0       0       0',
    );
  });

  test('shows twenty of 800 shards, those with problems first, and counts the rest', () => {
    const report = healthy({ shards: 800 });
    const [recording] = ingestorsIn(report);
    const odd = recording?.shards[777];
    if (odd === undefined) throw new Error('no such shard');
    odd.missing = ['71'];
    const shards = sectionOf(linesOf(report), 'shards');
    expect(shards).toHaveLength(1 + 20 + 1);
    expect(shards[1]).toMatch(/^ {4}777 /);
    expect(shards[2]).toMatch(/^ {6}0 /);
    expect(shards.at(-1)).toBe('  … 780 more, all in order (--all shows them)');
    expect(sectionOf(linesOf(report, { isWhole: true }), 'shards')).toHaveLength(801);
  });

  test('says how many hidden rows have problems', () => {
    const report = healthy({ shards: 30 });
    for (const shard of ingestorsIn(report)[0]?.shards ?? []) shard.state = 'opening';
    expect(sectionOf(linesOf(report), 'shards').at(-1)).toBe('  … 10 more, 10 with problems (--all shows them)');
  });

  test.for([200, 100, 80, 60, 40])(
    'fits into a terminal of %i columns and keeps the most important ones',
    (columns) => {
      const lines = linesOf(healthy({ shards: 800 }), { columns });
      const tables = [...sectionOf(lines, 'shards'), ...sectionOf(lines, 'connections'), ...sectionOf(lines, 'jobs')];
      expect(Math.max(...tables.map(({ length }) => length))).toBeLessThanOrEqual(Math.max(columns, 45));
      expect(sectionOf(lines, 'shards')[0]).toMatch(/shard.*state.*tokens.*covered/);
      expect(sectionOf(lines, 'connections')[0]).toMatch(/connection.*shard.*tokens.*covered/);
    },
  );

  test('names the shards with lowered targets', () => {
    const report = healthy({ shards: 7 });
    const perShard = report.services.flatMap((one) => (one.service === 'scheduler' ? (one.plan?.perShard ?? []) : []));
    for (const shard of perShard) shard.tokensTarget = 60 + shard.shard;
    expect(sectionOf(linesOf(report), 'plan')).toContain(
      '  lowered targets, because the venue serves no more: shard 0 to 60, 1 to 61, 2 to 62, 3 to 63, 4 to 64, …',
    );
  });

  test('contains no control characters, whatever services and the venue send', () => {
    const report = healthy({ shards: 1 });
    const lines = linesOf(report);
    report.refusals = ['a\u001b[2J\nb\u009b31m\u202e'];
    for (const status of report.services) if (status.service === 'writer') status.id = 'host\u001b]0;owned\u0007';
    const shown = linesOf(report);
    expect(shown).toContain('! A service refused to answer: a b.');
    expect(shown).toHaveLength(lines.length + 2);
    expect(shown.join('')).not.toMatch(/[\p{Cc}\u202e]/u);
  });

  test('names a shard that no ingestor records', () => {
    const report = healthy({ shards: 1 });
    for (const status of report.services) {
      if (status.service === 'scheduler') status.plan?.perShard.push({ shard: 9, tokens: 380, tokensTarget: 380 });
    }
    const lines = linesOf(report);
    expect(lines).toContain('! 1 shard of the plan: not recorded by any ingestor that answers.');
    expect(sectionOf(lines, 'shards')[1]).toMatch(/^ {6}9 {2}\(nobody\) +unserved +380 +0 /);
  });
});

describe('the list of problems', () => {
  test('is empty for a healthy recorder', () => {
    expect(troublesOf(healthy({ shards: 3 }))).toEqual([]);
  });

  test.for([
    ['ws-ingestor', 'No ingestor answers, so nothing is being recorded.'],
    ['writer', 'No writer answers. Trades stay in the log until one runs.'],
    ['scheduler', 'No scheduler answers, so new markets are not discovered.'],
  ])('names a missing %s', ([service, trouble]) => {
    const report = healthy({ shards: 1 });
    expect(troublesOf({ ...report, services: report.services.filter((one) => one.service !== service) })).toEqual([
      trouble,
    ]);
  });

  test.for([
    [
      'while the first scan runs',
      null,
      ['Job discovery-scan has not succeeded in the 30 s since the scheduler started.'],
    ],
    ['after the scan failed', 'host not found', ['! Job discovery-scan failed (never succeeded): host not found.']],
  ] as const)('says that no market is planned yet, and why, %s', ([, failure, reasons]) => {
    const report = healthy({ shards: 0 });
    for (const status of report.services) {
      if (status.service !== 'scheduler') continue;
      status.startedAtMs = NOW - 30_000;
      status.jobs = status.jobs.map((job) => ({ ...job, name: 'discovery-scan', lastSuccessAtMs: null, failure }));
    }
    const troubles = linesOf(report).filter((line) => line.startsWith('!'));
    expect(troubles.join(' ')).toBe(
      ['! No market is planned yet, so nothing is being recorded.', ...reasons].join(' '),
    );
  });

  test('names an ingestor that does not answer, tokens without a book, a failed job and a writer that is far behind', () => {
    const report = healthy({ shards: 2 });
    for (const shard of ingestorsIn(report)[0]?.shards ?? []) shard.missing = ['71', '72'];
    const services = report.services.map((one) => {
      if (one.service === 'writer') return { ...one, streams: [{ stream: 'TRADES', behind: 12_000 }] };
      if (one.service !== 'scheduler') return one;
      return { ...one, jobs: one.jobs.map((job) => ({ ...job, failure: 'Gamma answers 503' })) };
    });
    expect(troublesOf({ ...report, services, silentIngestors: ['gone-1'], refusals: ['too many requests'] })).toEqual([
      'Ingestor gone-1 is registered but does not answer.',
      '2 tokens: no book arrived, even on a fresh connection.',
      'A service refused to answer: too many requests.',
      'TRADES: 12,000 messages are not in the database yet.',
      'Job prices failed (last success 12 s ago): Gamma answers 503.',
    ]);
  });
});

function linesOf(report: StatusReport, o: { columns?: number; isWhole?: boolean } = {}): string[] {
  return renderStatus(report, { columns: o.columns ?? 120, isWhole: o.isWhole ?? false }).split('\n');
}

/** The lines below a title, up to the next empty one. */
function sectionOf(lines: readonly string[], title: string): string[] {
  const from = lines.indexOf(title) + 1;
  const to = lines.indexOf('', from);
  return lines.slice(from, to < 0 ? undefined : to);
}

function healthy({ shards }: { shards: number }): StatusReport {
  return {
    atMs: NOW,
    services: [ingestor(shards), scheduler(shards), writer()],
    silentIngestors: [],
    refusals: [],
  };
}

function ingestorsIn({ services }: StatusReport): IngestorStatus[] {
  return services.filter((status) => status.service === 'ws-ingestor');
}

function ingestor(shards: number): IngestorStatus {
  return {
    service: 'ws-ingestor',
    id: 'host-00000001',
    startedAtMs: NOW - 7_200_000,
    trades: 12_345,
    lastTradeAtMs: NOW - 400,
    queued: 0,
    reconnections: 0,
    lastReconnectAtMs: null,
    recycling: { started: 0, completed: 0, failed: 0, tokensMoved: 0, overlapMs: 0 },
    shards: Array.from({ length: shards }, (_, n) => shard(n)),
  };
}

function shard(n: number): ShardStatus {
  const connection: ConnectionStatus = {
    connectionId: n.toString(16).padStart(16, '0'),
    role: 'current',
    openedAtMs: NOW - 7_200_000,
    tokens: 400,
    covered: 400,
    framesPerSecond: 120,
    lastFrameAtMs: NOW - 200,
  };
  return { shard: n, state: 'covered', pollution: 0.03, reconnects: 0, missing: [], connections: [connection] };
}

function scheduler(shards: number): SchedulerStatus {
  return {
    service: 'scheduler',
    id: 'host-5c4ed001',
    startedAtMs: NOW - 7_199_500,
    isLeading: true,
    plan: {
      shards,
      tokens: 400 * shards,
      markets: { open: 200 * shards, pending: 0, subscribed: 200 * shards, expired: 3 },
      capacity: { total: 400 * shards, free: 0 },
      perShard: Array.from({ length: shards }, (_, shard) => ({ shard, tokens: 400, tokensTarget: null })),
    },
    unacknowledged: { messages: 0, oldestAtMs: null },
    jobs: [
      {
        name: 'prices',
        intervalMs: 60_000,
        isRunning: false,
        runs: 40,
        failures: 1,
        overruns: 2,
        items: 31_200,
        errors: 4,
        durationMs: 2_100,
        lastSuccessAtMs: NOW - 12_000,
        oldestAtMs: NOW - 70_000,
        failure: null,
      },
    ],
  };
}

function writer(): WriterStatus {
  return {
    service: 'writer',
    id: 'host-2717e201',
    startedAtMs: NOW - 7_199_000,
    tradesWritten: 12_340,
    batchesWritten: 1_234,
    lastWriteAtMs: NOW - 300,
    edition: 'timescaledb-community',
    streams: [
      { stream: 'TRADES', behind: 5 },
      { stream: 'MARKETS', behind: 0 },
    ],
  };
}
