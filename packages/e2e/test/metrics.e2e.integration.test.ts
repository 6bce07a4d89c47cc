import { describe, expect, test } from 'vitest';
import { metricFaults, type ServiceUnderTest, TestBed, until } from '../src/index.ts';

describe('the metrics of the services', () => {
  test('have names, units and help as Prometheus recommends', async () => {
    await using bed = await TestBed.open({ markets: 20, tradesPerSecond: 100, openPerMinute: 0, closePerMinute: 0 });
    const writer = await bed.start('writer');
    const scheduler = await bed.start('scheduler');
    const ingestor = await bed.start('ws-ingestor');
    await bed.covered(ingestor, scheduler);
    bed.venue.startTrading();
    await until('trades in the database', async () => (await bed.probe.position('TRADES')) > 100);
    const faultsOf = async (service: ServiceUnderTest) => metricFaults((await service.get('/metrics')).body);
    expect(await Promise.all([writer, scheduler, ingestor].map(faultsOf))).toEqual([[], [], []]);
  });
});

describe('a check of metrics', () => {
  const family = (name: string, type: string, sample = `${name} 1`) =>
    `# HELP ${name} Help.\n# TYPE ${name} ${type}\n${sample}`;

  test.each([
    ['a counter', family('polytape_writer_batches_total', 'counter')],
    [
      'a gauge with labels',
      family('polytape_writer_active', 'gauge', 'polytape_writer_active{stream="A=\\"B\\"",kind="x"} NaN'),
    ],
    [
      'a histogram',
      family(
        'polytape_writer_lag_seconds',
        'histogram',
        'polytape_writer_lag_seconds_bucket{le="0.1"} 1\npolytape_writer_lag_seconds_sum 2',
      ),
    ],
  ])('accepts %s', (_, text) => {
    expect(metricFaults(`${text}\n`)).toEqual([]);
  });

  test.each([
    [family('polytape_writer_batches', 'counter'), 'polytape_writer_batches is a counter without _total.'],
    [family('polytape_writer_rows_total', 'gauge'), 'polytape_writer_rows_total is a gauge with _total.'],
    [family('polytape_writer_lag_ms', 'gauge'), 'polytape_writer_lag_ms is in ms and not in a base unit.'],
    [family('polytape_writer_row_count', 'gauge'), 'polytape_writer_row_count has a reserved suffix.'],
    [family('polytape_writer_lagHistogram', 'gauge'), 'polytape_writer_lagHistogram is not in snake case.'],
    [family('polytape_writer_lag_histogram', 'histogram'), 'polytape_writer_lag_histogram names its type (histogram).'],
    [family('trades_total', 'counter'), 'trades_total is outside the namespaces.'],
    [
      family('polytape_writer_active', 'gauge', 'polytape_writer_active{streamName="A"} 1'),
      'polytape_writer_active has the label streamName, which is not in snake case.',
    ],
    ['# TYPE polytape_writer_active gauge\npolytape_writer_active 1', 'polytape_writer_active has no help.'],
    ['polytape_writer_active 1', 'polytape_writer_active has no type.'],
  ])('reports the fault of %j', (text, fault) => {
    expect(metricFaults(text)).toEqual([fault]);
  });
});
