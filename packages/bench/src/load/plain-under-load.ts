import { fileURLToPath } from 'node:url';
import { ProcessUnderTest } from '@polytape/e2e';
import type { EmbeddedServer } from '@polytape/embedded';
import { canonicalDecimal } from '@polytape/types';
import { Client } from 'pg';
import { countOf } from './polytape-under-load.ts';
import type { RecorderUnderLoad } from './recorder-under-load.ts';

/** The plain alternative, with a PostgreSQL that is started like polytape's and stops with it. Resolves once it is subscribed. */
export async function startPlain(o: {
  postgres: EmbeddedServer;
  venue: Record<string, string>;
  /** Connections that receive each token. */
  copies: number;
}): Promise<RecorderUnderLoad> {
  const { url } = o.postgres;
  let took: number[] = [];
  let heard = 0;
  const start = async () => {
    const main = fileURLToPath(import.meta.resolve('../plain/main.ts'));
    const env = { ...o.venue, DATABASE_URL: url, SOCKETS_PER_TOKEN: `${o.copies}` };
    const started = ProcessUnderTest.spawn({ name: 'plain alternative', main, env });
    heard = 0;
    await started.line(/^\{"subscribed"/);
    return started;
  };
  let running = await start();
  const listen = () => {
    const lines = running.stdout.filter((line) => line.startsWith('{"frames"'));
    for (const line of lines.slice(heard)) took.push(...(JSON.parse(line) as { took: number[] }).took);
    heard = lines.length;
  };
  return {
    pids: async () => ({ plain: running.pid, postgres: o.postgres.pid }),
    window: async () => {
      listen();
      const sorted = took.sort((a, b) => a - b);
      took = [];
      const at = (q: number) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? null;
      return { committed: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99) };
    },
    stored: () => countOf(url, 'plain_trades'),
    compare: async (truth) => {
      const balance = new Map<string, number>();
      const add = (key: string, count: number) => balance.set(key, (balance.get(key) ?? 0) + count);
      for (const t of truth) {
        add(
          contentOf({
            token: t.tokenId,
            ms: t.timestamp,
            price: t.price,
            size: t.size,
            side: t.side,
            hash: t.transactionHash,
          }),
          1,
        );
      }
      for (const row of await contents(url)) add(contentOf(row), -Number(row.count));
      const counts = [...balance.values()];
      const sum = (of: (count: number) => number) => counts.reduce((total, count) => total + Math.max(0, of(count)), 0);
      return { missing: sum((count) => count), duplicates: sum((count) => -count) };
    },
    killAndRestart: async () => {
      await running.kill();
      running = await start();
    },
    stop: async () => {
      running.signal('SIGTERM');
      await running.exit();
    },
    [Symbol.asyncDispose]: async () => {
      await running[Symbol.asyncDispose]();
      await o.postgres.stop();
    },
  };
}

type Row = Record<'token' | 'ms' | 'price' | 'size' | 'side', string> & { hash: string | null };

function contentOf({ token, ms, price, size, side, hash }: Row): string {
  return `${token} ${ms} ${canonicalDecimal(price)} ${canonicalDecimal(size)} ${side} ${hash}`;
}

async function contents(url: string): Promise<(Row & { count: string })[]> {
  const client = new Client(url);
  await client.connect();
  try {
    const { rows } = await client.query<Row & { count: string }>(
      'SELECT token, (extract(epoch FROM at) * 1000)::bigint::text AS ms, price::text, size::text, side, hash, count(*) FROM plain_trades GROUP BY 1, 2, 3, 4, 5, 6',
    );
    return rows;
  } finally {
    await client.end();
  }
}
