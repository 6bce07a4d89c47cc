import type { StreamName } from '@polytape/bus';
import { expect, test } from 'vitest';
import { TestBed, until } from '../src/index.ts';

test('a database that is rebuilt from the log has the same rows as the first one in every table', async () => {
  await using bed = await TestBed.open({
    markets: 60,
    tradesPerSecond: 400,
    openPerMinute: 60,
    closePerMinute: 600,
    resolutions: 'uma',
    resolutionStepMs: 700,
    dataLagMs: 200,
  });
  await bed.start('writer');
  const ingestor = await bed.start('ws-ingestor');
  const scheduler = await bed.start('scheduler', {
    DISCOVERY_INTERVAL_MS: '300',
    DISCOVERY_SCAN_INTERVAL_MS: '1000',
    MARKET_FIGURES_INTERVAL_MS: '1000',
    PRICES_INTERVAL_MS: '500',
    BOOKS_INTERVAL_MS: '800',
    RESOLUTIONS_INTERVAL_MS: '300',
  });
  await bed.covered(ingestor, scheduler);
  bed.venue.startTrading();
  // Every kind of row must exist, of settled and of disputed markets.
  await until('rows of every kind', async () => {
    const [row] = await bed.probe.rows<{ ready: boolean }>(
      `SELECT (SELECT count(*) FROM trades) > 1000
          AND (SELECT count(DISTINCT ts) FROM price_snapshots) > 4
          AND (SELECT count(DISTINCT ts) FROM book_snapshots) > 4
          AND (SELECT count(*) FROM resolutions WHERE state = 'resolved') > 15
          AND EXISTS (SELECT 1 FROM resolution_events WHERE type = 'resolution_disputed')
          AND EXISTS (SELECT 1 FROM venue_events WHERE type = 'market_resolved')
          AND EXISTS (SELECT 1 FROM market_versions WHERE version > 3) AS ready`,
    );
    return row?.ready;
  });
  await bed.drained(ingestor);
  // Both databases must be at rest when they are compared.
  scheduler.process.signal('SIGTERM');
  await scheduler.process.exit();
  ingestor.process.signal('SIGTERM');
  await ingestor.process.exit();
  for (const stream of STREAMS) await bed.stored(stream);

  const first = await bed.probe.projectedRows();
  const second = await (await bed.rebuilt()).projectedRows();
  for (const [table, rows] of Object.entries(first)) {
    expect({ table, rows: second[table as keyof typeof second] }).toEqual({ table, rows });
  }
  const counts = Object.entries(first).map(([table, rows]) => [table, rows.length] as const);
  expect(counts.filter(([, rows]) => rows === 0).map(([table]) => table)).toEqual(['dead_letters']);
  console.log(`rebuilt: ${counts.map((count) => count.join(' ')).join(', ')}`);
  expect(await bed.probe.deadLetterReasons()).toEqual([]);
  expect(await bed.probe.lossDetails()).toEqual([]);
}, 150_000);

const STREAMS: StreamName[] = ['TRADES', 'PRICES', 'BOOKS', 'MARKETS', 'EVENTS', 'UNPARSED'];
