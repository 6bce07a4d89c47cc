import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { natsOptions, testDatabase, testNats } from '@polytape/test-servers';
import { Client } from 'pg';
import { describe, expect, test } from 'vitest';

describe('a test database', () => {
  test('is empty, separate from others, and dropped on disposal', async () => {
    const names: string[] = [];
    {
      await using one = await testDatabase();
      await using other = await testDatabase();
      for (const { url } of [one, other]) {
        await using session = await open(url);
        const { rows } = await session.client.query(
          "SELECT current_database() AS name, count(*)::int AS tables FROM pg_class WHERE relnamespace = 'public'::regnamespace",
        );
        expect(rows[0].tables).toBe(0);
        names.push(rows[0].name);
      }
      expect(new Set(names).size).toBe(2);
    }
    await using remaining = await testDatabase();
    await using session = await open(remaining.url);
    const { rowCount } = await session.client.query('SELECT 1 FROM pg_database WHERE datname = ANY ($1)', [names]);
    expect(rowCount).toBe(0);
  });

  test('has the prepared content, of its own, and other tests do not see its changes', async () => {
    let preparations = 0;
    const content = {
      name: 'numbers',
      async prepare(url: string) {
        preparations += 1;
        await using session = await open(url);
        await session.client.query('CREATE TABLE numbers AS SELECT 1 AS n');
      },
    };
    const databases = await Promise.all([1, 2, 3].map(() => testDatabase(content)));
    for (const { url } of databases) {
      await using session = await open(url);
      const { rows } = await session.client.query('SELECT n FROM numbers');
      expect(rows).toEqual([{ n: 1 }]);
      await session.client.query('INSERT INTO numbers VALUES (2)');
    }
    expect([1, 3]).toContain(preparations); // a given server keeps no template
    for (const database of databases) await database[Symbol.asyncDispose]();
  });

  test('is not left behind when its preparation fails, and is prepared again', async () => {
    const names: string[] = [];
    const failing = {
      name: 'failing',
      async prepare(url: string) {
        names.push(new URL(url).pathname.slice(1));
        throw new Error('unprepared');
      },
    };
    await expect(testDatabase(failing)).rejects.toThrow('unprepared');
    await expect(testDatabase(failing)).rejects.toThrow('unprepared');
    expect(names).toHaveLength(2);
    await using remaining = await testDatabase({ ...failing, prepare: async () => {} });
    await using session = await open(remaining.url);
    const { rowCount } = await session.client.query('SELECT 1 FROM pg_database WHERE datname = ANY ($1)', [names]);
    expect(rowCount).toBe(0);
  });

  test('is dropped even with an open session', async () => {
    const database = await testDatabase();
    await using session = await open(database.url);
    const ended = new Promise<void>((resolve) => session.client.once('end', resolve));
    await database[Symbol.asyncDispose]();
    await ended;
  });

  test('has TimescaleDB exactly if it says so', async () => {
    await using database = await testDatabase();
    await using session = await open(database.url);
    const created = session.client.query('CREATE EXTENSION timescaledb').then(
      () => true,
      () => false,
    );
    expect(await created).toBe(database.timescale);
  });
});

describe('a test NATS', () => {
  test('has an empty JetStream', async () => {
    await using nats = await testNats();
    const connection = await connect(natsOptions(nats.url));
    const names = await (await jetstreamManager(connection)).streams.names().next();
    await connection.close();
    expect(names).toEqual([]);
  });

  test('keeps acknowledged messages and its address over restart, kill and start', async () => {
    await using nats = await testNats();
    if (!nats.canRestart) {
      await expect(nats.restart()).rejects.toThrow('TEST_NATS_URL');
      return;
    }
    const publish = async () => {
      const connection = await connect(natsOptions(nats.url));
      try {
        const manager = await jetstreamManager(connection);
        await manager.streams.add({ name: 'KEPT', subjects: ['kept'] });
        return (await jetstream(connection).publish('kept', 'x')).seq;
      } finally {
        await connection.close();
      }
    };
    expect(await publish()).toBe(1);
    await nats.restart();
    expect(await publish()).toBe(2);
    await nats.kill();
    await expect(connect({ ...natsOptions(nats.url), reconnect: false, timeout: 1_000 })).rejects.toThrow();
    await nats.start();
    expect(await publish()).toBe(3);
  });
});

async function open(url: string): Promise<AsyncDisposable & { client: Client }> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {}); // the server ends the session of a dropped database
  await client.connect();
  return { client, [Symbol.asyncDispose]: () => client.end() };
}
