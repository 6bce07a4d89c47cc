import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Monitor } from '../../src/run/monitor.ts';

describe('a monitor', () => {
  let server: Server;
  let metrics: string;
  let reasons: string[];
  let ports: Map<string, number>;
  let monitor: Monitor;

  beforeEach(async () => {
    [metrics, reasons, monitor] = ['', [], new Monitor()];
    server = createServer((request, response) => {
      response.end(request.url === '/metrics' ? metrics : JSON.stringify({ reasons }));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ports = new Map([['writer-1', (server.address() as AddressInfo).port]]);
  });

  afterEach(() => {
    server.close();
    server.closeAllConnections();
  });

  test('names the services that were never ready during the run, with the reason', async () => {
    reasons = ['waiting for NATS'];
    await monitor.look(ports);
    expect(monitor.neverReady()).toEqual(['writer-1: waiting for NATS']);
    reasons = [];
    await monitor.look(ports);
    reasons = ['the connection to NATS is interrupted'];
    await monitor.look(ports);
    expect(monitor.neverReady()).toEqual([]);
  });

  test('counts rates and durations from the last mark, however often it has looked since', async () => {
    const look = async (inserted: number) => {
      metrics = `polytape_writer_trades_inserted_total ${inserted}\npolytape_writer_receive_to_commit_seconds_bucket{le="0.1"} ${inserted}\n`;
      await monitor.look(ports);
    };
    await look(1_000);
    expect(monitor.rate('polytape_writer_trades_inserted_total')).toBe(0);
    monitor.mark();
    await look(4_000);
    await look(4_000);
    expect(monitor.rate('polytape_writer_trades_inserted_total')).toBeGreaterThan(0);
    expect(monitor.latency('recent').p50Ms).not.toBeNull();
    monitor.mark();
    await look(4_000);
    expect(monitor.rate('polytape_writer_trades_inserted_total')).toBe(0);
  });
});
