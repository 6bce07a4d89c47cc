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
  /** Trades in the database. */
  let stored: number;
  let monitor: Monitor;

  beforeEach(async () => {
    [metrics, reasons, stored, monitor] = ['', [], 0, new Monitor(async () => stored)];
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

  test.for([
    ['fewer', 5],
    ['more', 400],
  ] as const)(
    'counts what a killed writer committed last, also if its successor has counted %s',
    async ([, counted]) => {
      const look = async (writer: { startedAt: number; inserted: number }) => {
        metrics = `process_start_time_seconds ${writer.startedAt}\npolytape_writer_trades_inserted_total ${writer.inserted}\n`;
        await monitor.look(ports);
        return monitor.total('polytape_writer_trades_inserted_total');
      };
      expect(await look({ startedAt: 1, inserted: 100 })).toBe(100);
      // Killed 7 trades later.
      expect(await look({ startedAt: 3, inserted: counted })).toBe(100 + counted);
      stored = 107 + counted + 1; // the last one is in the counter by the time of the scrape
      expect(await look({ startedAt: 3, inserted: counted + 1 })).toBe(stored);
      stored += 10;
      expect(await look({ startedAt: 3, inserted: counted + 12 })).toBe(107 + counted + 12);
    },
  );
});
