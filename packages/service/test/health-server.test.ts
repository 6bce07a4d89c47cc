import { describe, expect, test } from 'vitest';
import { createLogger, HealthServer, Metrics, PortTakenError } from '../src/index.ts';

const log = createLogger({ service: 'test', level: 'error' });

async function ask(health: HealthServer, path: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://127.0.0.1:${health.port}${path}`);
  return { status: response.status, text: await response.text() };
}

describe('a health server', () => {
  test('reports that the process is alive, and why it is not ready', async () => {
    await using health = await HealthServer.listen({ host: '127.0.0.1', port: 0, metrics: new Metrics(), log });
    expect(await ask(health, '/healthz')).toEqual({ status: 200, text: 'alive\n' });
    expect(await ask(health, '/readyz')).toEqual({ status: 503, text: '{"ready":false,"reasons":["starting"]}\n' });
    let reasons = ['the database is away'];
    health.report(() => reasons);
    expect((await ask(health, '/readyz')).text).toContain('the database is away');
    reasons = [];
    expect(await ask(health, '/readyz')).toEqual({ status: 200, text: '{"ready":true,"reasons":[]}\n' });
  });

  test('reports the activity of a ready service', async () => {
    await using health = await HealthServer.listen({ host: '127.0.0.1', port: 0, metrics: new Metrics(), log });
    health.report(
      () => [],
      () => 'standing by',
    );
    expect((await ask(health, '/readyz')).text).toBe('{"ready":true,"activity":"standing by","reasons":[]}\n');
  });

  test('reads the metrics at each scrape', async () => {
    const metrics = new Metrics();
    let trades = 1;
    metrics.counter('trades_total', 'Trades.', () => trades);
    metrics.gauges('position', 'By stream.', 'stream', () => [['TRADES', 7]]);
    metrics.durations('lag_seconds', 'Lag.').observe(0.01);
    await using health = await HealthServer.listen({ host: '127.0.0.1', port: 0, metrics, log });
    expect((await ask(health, '/metrics')).text).toMatch(/^trades_total 1$/m);
    trades = 5;
    const { text } = await ask(health, '/metrics');
    expect(text).toMatch(/^trades_total 5$/m);
    expect(text).toMatch(/^position\{stream="TRADES"\} 7$/m);
    expect(text).toMatch(/^lag_seconds_count 1$/m);
  });

  test('survives a metric that throws, and an unknown path', async () => {
    const metrics = new Metrics();
    metrics.gauge('broken', 'Broken.', () => {
      throw new Error('no');
    });
    const quiet = createLogger({ service: 'test', level: 'error' });
    await using health = await HealthServer.listen({ host: '127.0.0.1', port: 0, metrics, log: quiet });
    expect((await ask(health, '/metrics')).status).toBe(500);
    expect((await ask(health, '/nothing')).status).toBe(404);
    expect((await ask(health, '/healthz')).status).toBe(200);
  });

  test('names the setting when the port is taken', async () => {
    await using first = await HealthServer.listen({ host: '127.0.0.1', port: 0, metrics: new Metrics(), log });
    const second = HealthServer.listen({ host: '127.0.0.1', port: first.port, metrics: new Metrics(), log });
    await expect(second).rejects.toThrow(PortTakenError);
    await expect(second).rejects.toThrow(`HTTP_PORT: cannot listen on 127.0.0.1:${first.port}`);
  });
});
