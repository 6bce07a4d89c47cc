import { testDatabase } from '@polytape/test-servers';
import { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import { type Database, DatabaseReplacedError } from '../../src/index.ts';
import { open } from '../open-database.ts';
import { batch, price, TOKEN_NO, TOKEN_YES, trade } from './sample-batch.ts';

const forEver = { signal: new AbortController().signal };

describe('the keys that a writer has in memory', () => {
  test('are not used in a database that was restored between two transactions', async () => {
    await using server = await administrator();
    const { writer } = server;
    await writer.apply(batch(0, 1, { trades: [trade('a')] }));
    await server.backUp();
    await introduceTokenNo(writer);
    await server.restore();
    await server.sql(OTHER_TOKEN);

    const next = batch(1, 2, { trades: [trade('b', { tokenId: TOKEN_NO })] });
    await expect(writer.apply(next)).rejects.toThrow(DatabaseReplacedError);
    await writer.apply(next);

    expect(await server.sql('SELECT token_id FROM trade_tape')).toEqual([
      { token_id: TOKEN_YES },
      { token_id: TOKEN_NO },
    ]);
  });

  test('are not used in tables that were recreated while the connections stayed open', async () => {
    await using server = await administrator();
    const { writer } = server;
    await introduceTokenNo(writer);
    await server.sql('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
    await writer.migrate({ timescale: false });
    await server.sql(OTHER_TOKEN);

    const first = batch(0, 1, { trades: [trade('a', { tokenId: TOKEN_NO })] });
    await expect(writer.apply(first)).rejects.toThrow(DatabaseReplacedError);
    await writer.apply(first);

    expect(await server.sql('SELECT token_id FROM trade_tape')).toEqual([{ token_id: TOKEN_NO }]);
  });

  test('are forgotten with each new lock of a stream', async () => {
    await using server = await administrator();
    const { writer } = server;
    await introduceTokenNo(writer);
    // As after a restore of the data alone, which leaves no trace in the tables themselves.
    await server.sql(`DELETE FROM tokens; ALTER TABLE tokens ALTER token_key RESTART; ${OTHER_TOKEN}`);

    await using _lock = await writer.lockStream('TRADES', forEver);
    await writer.apply(batch(0, 1, { trades: [trade('a', { tokenId: TOKEN_NO })] }));

    expect(await server.sql('SELECT token_id FROM trade_tape')).toEqual([{ token_id: TOKEN_NO }]);
  });
});

/** Takes the key that TOKEN_NO had. */
const OTHER_TOKEN = `INSERT INTO tokens (token_id) VALUES ('1')`;

async function introduceTokenNo(writer: Database): Promise<void> {
  await writer.apply({ ...batch(0, 1, { prices: [price({ tokenId: TOKEN_NO })] }), stream: 'PRICES' });
}

/** A migrated database with a writer on it, and who may copy it and put the copy in its place. */
async function administrator() {
  await using stack = new AsyncDisposableStack();
  const { url } = stack.use(await testDatabase());
  const name = new URL(url).pathname.slice(1);
  const elsewhere = new URL(url);
  elsewhere.pathname = '/postgres';
  const admin = new Client(elsewhere.href);
  await admin.connect();
  stack.defer(() => admin.end());
  const writer = stack.use(await open(url));
  await writer.migrate({ timescale: false });
  const endSessions = () =>
    admin.query('SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = $1', [name]);
  /** The pool may still hold a connection that the server has ended. */
  const reconnected = async () => {
    while ((await writer.tradeCount().catch(() => null)) === null);
  };
  const resources = stack.move();
  return {
    writer,
    async sql(text: string) {
      const client = new Client(url);
      await client.connect();
      try {
        return (await client.query(text)).rows;
      } finally {
        await client.end();
      }
    },
    async backUp() {
      // Otherwise a background session may open one in between, for which CREATE DATABASE waits 5 s.
      await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
      await endSessions();
      await admin.query(`CREATE DATABASE ${name}_backup TEMPLATE ${name}`);
      await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
      await reconnected();
    },
    async restore() {
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await admin.query(`ALTER DATABASE ${name}_backup RENAME TO ${name}`);
      await reconnected();
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
