import { once } from 'node:events';
import { createServer } from 'node:net';
import { inspect } from 'node:util';
import { silentLog } from '@polytape/resilience';
import { tcpProxy, testDatabase } from '@polytape/test-servers';
import { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import { DatabaseConfigurationError } from '../src/index.ts';
import { limitedRole } from './limited-role.ts';
import { open, openDatabase } from './open-database.ts';

/** A log whose first warning can be awaited. */
function warnings() {
  const sentences: string[] = [];
  const first = Promise.withResolvers<string>();
  const warn = (_fields: object, sentence: string) => {
    sentences.push(sentence);
    first.resolve(sentence);
  };
  return { sentences, first: first.promise, log: { ...silentLog, warn } };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Whether the server lets everybody in, whatever the password, as one that was made for trials may. */
async function trusts(serverUrl: string): Promise<boolean> {
  const url = new URL(serverUrl);
  url.password = 'wrong';
  const client = new Client(url.href);
  return client.connect().then(
    () => client.end().then(() => true),
    () => false,
  );
}

describe('opening the database', () => {
  test('waits while the server is away, logs it once, and goes on when the server comes', async () => {
    await using given = await testDatabase();
    const port = await freePort();
    const url = new URL(given.url);
    url.hostname = '127.0.0.1';
    url.port = String(port);
    const told = warnings();
    const opening = open(url.href, { log: told.log });

    expect(await told.first).toBe(
      `PostgreSQL at 127.0.0.1:${port} cannot be reached (ECONNREFUSED). Retrying until it answers.`,
    );
    await using _proxy = await tcpProxy(given.url, { port });
    await using database = await opening;
    await database.migrate();
    expect(await database.tradeCount()).toBe(0);
    expect(told.sentences).toHaveLength(1);
  });

  test('logs only once that the server is away, however often it retries', async () => {
    const stop = new AbortController();
    const told = warnings();
    let attempts = 0;
    const unwilling = createServer((socket) => {
      socket.destroy();
      attempts++;
      if (attempts === 4) stop.abort(new Error('stopped'));
    }).listen(0, '127.0.0.1');
    await once(unwilling, 'listening');
    const { port } = unwilling.address() as { port: number };
    try {
      const opening = open(`postgresql://nobody@127.0.0.1:${port}/tape`, { log: told.log, signal: stop.signal });
      await expect(opening).rejects.toThrow('stopped');
      expect(attempts).toBe(4);
      expect(told.sentences).toHaveLength(1);
    } finally {
      unwilling.close();
    }
  });

  test('ends when it is aborted', async () => {
    const stop = new AbortController();
    const told = warnings();
    const opening = open(`postgresql://nobody@127.0.0.1:${await freePort()}/tape`, {
      log: told.log,
      signal: stop.signal,
    });
    await told.first;
    stop.abort(new Error('stopped'));
    await expect(opening).rejects.toThrow('stopped');
  });

  test('ends when it is aborted while the server stays silent', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as { port: number };
    try {
      const stop = new AbortController();
      const connected = once(silent, 'connection');
      const opening = open(`postgresql://nobody@127.0.0.1:${port}/tape`, { signal: stop.signal });
      const failed = expect(opening).rejects.toThrow('stopped');
      const [socket] = await connected;
      stop.abort(new Error('stopped'));
      await failed;
      socket.destroy();
    } finally {
      silent.close();
    }
  }, 8_000); // The attempt itself would be given up after 10 s.

  test('waits while the server accepts no more connections', async () => {
    await using given = await testDatabase();
    await using role = await limitedRole(given.url, { connectionsMax: 0 });
    const told = warnings();
    const opening = open(role.url, { log: told.log });
    expect(await told.first).toMatch(/too many connections for role .*, SQLSTATE 53300/);

    const owner = new Client(given.url);
    await owner.connect();
    await owner.query(`ALTER ROLE ${role.name} CONNECTION LIMIT -1`);
    await owner.end();
    await using _database = await opening;
  });

  test.each([
    ['nonsense', 'no URL at all'],
    ['mysql://user:secret@localhost/tape', 'the URL of something else'],
    ['postgresql://user:se/cret@localhost/tape', 'a password with a slash'],
    ['postgresql://user:secret%ff@localhost/tape', 'a password that is no text'],
  ])('refuses %s: %s', async (url) => {
    const error = await open(url).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DatabaseConfigurationError);
    expect(String(error)).toMatch(/DATABASE_URL .*: write postgresql:\/\/user:password@host:5432\/database/);
    expect(String(error)).not.toContain('secret');
    expect((error as Error).cause).toBeUndefined();
  });

  test('fails when the certificate file does not exist', async () => {
    await expect(open('postgresql://user:secret@localhost/tape?sslrootcert=/no/such/file')).rejects.toThrow(
      'DATABASE_URL names the file /no/such/file, which cannot be read: correct its path',
    );
  });

  test('fails at once with a wrong password, without repeating it', async ({ skip }) => {
    await using given = await testDatabase();
    skip(await trusts(given.url), 'this server asks for no password');
    await using role = await limitedRole(given.url);
    const error = await open(role.url.replace(role.password, 'Tr0ub4dor')).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DatabaseConfigurationError);
    expect(error).toMatchObject({
      disposition: 'stop',
      operatorAction: 'correct user and password in DATABASE_URL',
      message: expect.stringMatching(
        `refuses the password .*"${role.name}".*: correct user and password in DATABASE_URL`,
      ),
    });
    expect(inspect(error, { depth: 10 })).not.toContain('Tr0ub4dor');
  });

  test('fails when the password is missing, and asks for it', async ({ skip }) => {
    await using given = await testDatabase();
    skip(await trusts(given.url), 'this server asks for no password');
    const url = new URL(given.url);
    url.password = '';
    await expect(open(url.href)).rejects.toThrow(/asks for a password: put user and password into DATABASE_URL/);
  });

  test('fails when the database does not exist, and names it', async () => {
    await using given = await testDatabase();
    const url = new URL(given.url);
    url.pathname = '/never_made';
    const error = await open(url.href).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DatabaseConfigurationError);
    expect(String(error)).toMatch(/database "never_made" does not exist.*DATABASE_URL/);
  });

  test('fails when a right is missing, and names it', async () => {
    await using given = await testDatabase();
    await using role = await limitedRole(given.url);
    const owner = new Client(given.url);
    await owner.connect();
    const [name] = [new URL(given.url).pathname.slice(1)];
    await owner.query(`REVOKE TEMPORARY ON DATABASE ${name} FROM PUBLIC`);
    await expect(open(role.url)).rejects.toThrow(/may not create temporary tables .*: GRANT TEMPORARY ON DATABASE/);
    await owner.query(`REVOKE CONNECT ON DATABASE ${name} FROM PUBLIC`);
    await expect(open(role.url)).rejects.toThrow(/permission denied for database .*: make it the owner/);
    await owner.end();
  });
});

describe('a database that is open', () => {
  test('outlives its connections', async () => {
    await using opened = await openDatabase({ timescale: false });
    await using proxy = await tcpProxy(opened.url);
    const noticed = Promise.withResolvers<object>();
    await using database = await open(proxy.url, { log: { ...silentLog, debug: noticed.resolve } });
    await database.tradeCount();
    proxy.cut();
    await noticed.promise;
    expect(await database.tradeCount()).toBe(0);
  });

  test('gives its name and its timeouts to the server', async () => {
    await using opened = await openDatabase({ timescale: false });
    await using database = await open(opened.url, { applicationName: 'polytape writer' });
    await database.tradeCount();
    expect(
      await opened.sql(
        `SELECT application_name FROM pg_stat_activity WHERE application_name LIKE 'polytape%' AND datname = current_database()`,
      ),
    ).toEqual([{ application_name: 'polytape writer' }]);
  });
});
