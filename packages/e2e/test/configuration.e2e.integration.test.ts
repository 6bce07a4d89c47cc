import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestDatabase, testDatabase } from '@polytape/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  DatabaseProbe,
  type ProcessUnderTest,
  type ServiceName,
  ServiceUnderTest,
  spawnPolytape,
} from '../src/index.ts';

/** The password in every address, which must appear in no output. */
const SECRET = 'correct-horse';
/** Addresses where nothing listens. */
const NOWHERE = {
  NATS_URL: `nats://me:${SECRET}@127.0.0.1:1`,
  DATABASE_URL: `postgresql://me:${SECRET}@127.0.0.1:1/polytape`,
};

let directory: string;
let database: TestDatabase;
/** Migrated by a development version of polytape. */
let oldDatabase: TestDatabase;
let asksForPasswords: boolean;
/** A server that occupies its port. */
let taken: Server;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'polytape-e2e-configuration-'));
  await writeFile(join(directory, 'file'), 'a regular file');
  database = await testDatabase();
  oldDatabase = await testDatabase();
  await using old = new DatabaseProbe(oldDatabase.url);
  await old.rows(
    `CREATE TABLE schema_migrations AS SELECT '0001-tape.sql' AS file, '' AS sha256, 'postgresql' AS edition`,
  );
  await using probe = new DatabaseProbe(changed(database.url, (url) => Object.assign(url, { password: SECRET })));
  asksForPasswords = await probe.answers().then(
    () => false,
    () => true,
  );
  taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
});
afterAll(async () => {
  taken?.close();
  await database?.[Symbol.asyncDispose]();
  await oldDatabase?.[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

type Case = {
  title: string;
  env?: () => Record<string, string>;
  args?: string[];
  code: 1 | 2;
  /** Patterns of the one line: the setting, the fault, the remedy. */
  says: RegExp[];
  /** Skipped on a given server that asks for no password. */
  byPassword?: true;
};

describe.concurrent.each<{ service: ServiceName; cases: Case[] }>([
  {
    service: 'ws-ingestor',
    cases: [
      refused('POLYMARKET_WS_URL', 'https://example.org/ws/market', /must be an address that starts with wss:\/\//),
      refused('POLYMARKET_WS_URL', 'example.org', /must be an address/),
      refused('NATS_URL', `http://me:${SECRET}@127.0.0.1:4222`, /must be an address that starts with nats:\/\//),
      refused('NATS_URL', `nats://me:${SECRET}@127.0.0.1:4222/stream`, /Write it as nats:\/\//),
      refused('PUBLISH_QUEUE_MAX', 'many', /must be a whole number from 1/),
      refused('STALL_MS_MIN', '60001', /must not be above STALL_MS_MAX, which is 60000 by default/),
      refused('STOP_DEADLINE_MS', '29999', /HAND_OVER_MS_MAX is 30000 by default, but must not be above/),
      refused('LOG_LEVEL', 'loud', /must be one of debug, info, warn, error/),
      portTaken(),
      unknownFlag(),
    ],
  },
  {
    service: 'scheduler',
    cases: [
      refused('POLYMARKET_GAMMA_URL', 'ftp://example.org', /must be an address that starts with https:\/\//),
      refused('NATS_URL', 'localhost:4222', /must be an address that starts with nats:\/\//),
      refused('SHARD_TOKENS_TARGET', '501', /must be a whole number from 2 to 500/),
      refused('HTTP_PORT', '65536', /must be a whole number from 0 to 65535/),
      portTaken(),
      unknownFlag(),
    ],
  },
  {
    service: 'writer',
    cases: [
      refused(
        'DATABASE_URL',
        `mysql://me:${SECRET}@127.0.0.1/polytape`,
        /must be an address that starts with postgresql:/,
      ),
      refused('NATS_URL', 'nats//127.0.0.1', /must be an address that starts with nats:\/\//),
      refused('BATCH_ROWS_MAX', '0', /must be a whole number from 1 to/),
      refused('RETENTION_TRADES_DAYS', '3', /must be 0, or a whole number from 7/),
      refused('STOP_DEADLINE_MS', '-5', /must be a whole number from 100/),
      {
        title: 'two invalid settings',
        env: () => ({ BATCH_ROWS_MAX: '1e3', HTTP_PORT: 'http' }),
        code: 1,
        says: [/BATCH_ROWS_MAX is "1e3"/, /HTTP_PORT is "http"/, /Correct/],
      },
      {
        title: 'a wrong password',
        env: () => ({ DATABASE_URL: changed(database.url, (url) => Object.assign(url, { password: SECRET })) }),
        code: 1,
        says: [/DATABASE_URL/, /refuses the password/, /correct user and password/],
        byPassword: true,
      },
      {
        title: 'a database that does not exist',
        env: () => ({ DATABASE_URL: changed(database.url, (url) => Object.assign(url, { pathname: '/nowhere' })) }),
        code: 1,
        says: [/DATABASE_URL/, /no such database/, /create the database/],
      },
      {
        title: 'a database of a development version',
        env: () => ({ DATABASE_URL: oldDatabase.url }),
        code: 1,
        says: [/0001-tape\.sql/, /cannot be upgraded/, /use an empty one/, /fills it again from the log/],
      },
      portTaken(),
      unknownFlag(),
    ],
  },
])('$service exits with one line that names the setting and the remedy, given', ({ service, cases }) => {
  test.for(cases)('$title', async ({ env, args = [], code, says, byPassword }, { skip }) => {
    skip(byPassword === true && !asksForPasswords, 'the given PostgreSQL asks for no password');
    await using process = ServiceUnderTest.spawn(service, { env: { ...NOWHERE, ...env?.() }, args });
    const exit = await process.exit();
    expectOneLine(process, says);
    expect(exit).toEqual({ code, signal: null });
  });
});

describe.concurrent('polytape exits with one line that names the setting and the remedy, given', () => {
  test.for<Case>([
    {
      title: 'an unknown command',
      args: ['recrod'],
      code: 2,
      says: [/unknown command 'recrod'/, /`npx pnpm polytape help` shows/],
    },
    {
      title: 'an unknown flag',
      args: ['demo', '--fast'],
      code: 2,
      says: [/unknown option '--fast'/, /`npx pnpm polytape demo --help` shows/],
    },
    {
      title: 'an extra argument',
      args: ['start', 'now'],
      code: 2,
      says: [/too many arguments/, /`npx pnpm polytape start --help` shows/],
    },
    {
      title: 'an invalid time for --for',
      args: ['demo', '--for', 'soon'],
      code: 2,
      says: [/--for/, /soon/, /such as 30s/],
    },
    { title: 'a --for without a value', args: ['demo', '--for'], code: 2, says: [/--for/, /argument missing/] },
    {
      title: 'zero ingestors',
      args: ['start', '--ingestors', '0'],
      code: 2,
      says: [/--ingestors/, /whole number of at least 1/],
    },
    { title: 'a flag of venue-sim', args: ['venue-sim', '--slow'], code: 2, says: [/unknown option '--slow'/] },
    {
      title: 'a data directory below a regular file',
      args: ['demo'],
      env: () => ({ POLYTAPE_DATA_DIR: join(directory, 'file', 'data') }),
      code: 1,
      says: [/POLYTAPE_DATA_DIR: cannot write to/, /set POLYTAPE_DATA_DIR to another directory/],
    },
    {
      title: 'a NATS_SERVER_BIN that does not exist',
      args: ['start'],
      env: () => ({ NATS_SERVER_BIN: join(directory, 'nats-server') }),
      code: 1,
      says: [/NATS_SERVER_BIN/, /no such file/, /or unset it/],
    },
    {
      title: 'another program as NATS_SERVER_BIN',
      args: ['start'],
      env: () => ({ NATS_SERVER_BIN: process.execPath }),
      code: 1,
      says: [/NATS_SERVER_BIN/, /is not a nats-server/, /or unset it/],
    },
    malformed('start', 'NATS_URL', `http://me:${SECRET}@127.0.0.1`),
    malformed('start', 'DATABASE_URL', `mysql://me:${SECRET}@127.0.0.1/polytape`),
    malformed('migrate', 'DATABASE_URL', `127.0.0.1/${SECRET}`),
    {
      title: 'start with an unreachable NATS_URL',
      args: ['start'],
      env: () => ({ NATS_URL: NOWHERE.NATS_URL }),
      code: 1,
      says: [/NATS_URL/, /127\.0\.0\.1:1/, /ECONNREFUSED/, /unset NATS_URL/],
    },
    {
      title: 'start with an unreachable DATABASE_URL',
      args: ['start'],
      env: () => ({ DATABASE_URL: NOWHERE.DATABASE_URL }),
      code: 1,
      says: [/DATABASE_URL/, /127\.0\.0\.1:1/, /ECONNREFUSED/, /unset DATABASE_URL/],
    },
    {
      title: 'start with a wrong password',
      args: ['start'],
      env: () => ({ DATABASE_URL: changed(database.url, (url) => Object.assign(url, { password: SECRET })) }),
      code: 1,
      says: [/DATABASE_URL/, /refuses the password/],
      byPassword: true,
    },
    {
      title: 'migrate with an unreachable DATABASE_URL',
      args: ['migrate'],
      env: () => ({ DATABASE_URL: NOWHERE.DATABASE_URL }),
      code: 1,
      says: [/DATABASE_URL/, /127\.0\.0\.1:1/, /ECONNREFUSED/, /correct DATABASE_URL\.$/],
    },
    { title: 'migrate without a database', args: ['migrate'], code: 1, says: [/DATABASE_URL is not set/, /Set it to/] },
    {
      title: 'migrate with a wrong password',
      args: ['migrate'],
      env: () => ({ DATABASE_URL: changed(database.url, (url) => Object.assign(url, { password: SECRET })) }),
      code: 1,
      says: [/DATABASE_URL/, /refuses the password/, /correct user and password/],
      byPassword: true,
    },
    {
      title: 'migrate with a database of a development version',
      args: ['migrate'],
      env: () => ({ DATABASE_URL: oldDatabase.url }),
      code: 1,
      says: [/0001-tape\.sql/, /cannot be upgraded/, /use an empty one/],
    },
    {
      title: 'migrate with a database that does not exist',
      args: ['migrate'],
      env: () => ({ DATABASE_URL: changed(database.url, (url) => Object.assign(url, { pathname: '/nowhere' })) }),
      code: 1,
      says: [/DATABASE_URL/, /no such database/, /create the database/],
    },
  ])('$title', async ({ title, env, args = [], code, says, byPassword }, { skip }) => {
    skip(byPassword === true && !asksForPasswords, 'the given PostgreSQL asks for no password');
    const dataDir = join(directory, title.replaceAll(/\W+/g, '-'));
    await using command = spawnPolytape(args, { POLYTAPE_DATA_DIR: dataDir, ...env?.() });
    const exit = await command.exit();
    expectOneLine(command, says);
    expect(exit).toEqual({ code, signal: null });
  });
});

test('polytape migrate migrates an existing database and exits with code 0', async () => {
  await using own = await testDatabase();
  await using command = spawnPolytape(['migrate'], { DATABASE_URL: own.url });
  expect(await command.exit()).toEqual({ code: 0, signal: null });
  expect(command.stdout.join('\n')).toMatch(/^Applied 0001/);
});

describe.concurrent('a service', () => {
  test.each<[service: ServiceName, missing: RegExp, env: () => Record<string, string>]>([
    ['ws-ingestor', /NATS_URL/, () => ({})],
    ['scheduler', /NATS_URL/, () => ({})],
    ['writer', /DATABASE_URL/, () => ({})],
    ['writer', /NATS_URL/, () => ({ DATABASE_URL: database.url })],
  ])('(%s) waits for an unreachable server, and reports it in its log and /readyz: %s', async (name, missing, env) => {
    await using service = await ServiceUnderTest.start(name, { ...NOWHERE, ...env() });
    const told = await service.process.record(/cannot be reached/);
    expect(told).toMatchObject({ level: 'warn', msg: expect.stringMatching(/127\.0\.0\.1:1\b.*ECONNREFUSED/) });
    expect(await service.get('/healthz')).toMatchObject({ status: 200 });
    expect(await service.get('/readyz')).toMatchObject({ status: 503, body: expect.stringMatching(missing) });
    expect(service.process.running).toBe(true);
  });
});

function refused(setting: string, value: string, why: RegExp): Case {
  return { title: `${setting}=${value}`, env: () => ({ [setting]: value }), code: 1, says: [RegExp(setting), why] };
}

function malformed(command: string, setting: string, value: string): Case {
  return {
    ...refused(setting, value, /must be an address that starts with/),
    title: `${command} with ${setting}=${value}`,
    args: [command],
  };
}

function portTaken(): Case {
  return {
    title: 'an HTTP_PORT that is taken',
    env: () => ({ HTTP_PORT: String((taken.address() as AddressInfo).port) }),
    code: 1,
    says: [/HTTP_PORT: cannot listen on 127\.0\.0\.1:\d+/, /EADDRINUSE/, /Set HTTP_PORT to a free port/],
  };
}

function unknownFlag(): Case {
  return { title: 'an unknown flag', args: ['--verbose'], code: 2, says: [/unknown argument "--verbose"/, /--help/] };
}

/**
 * Checks what a person reads about a failure: the error output, or the records of level error once the process has begun to log.
 */
function expectOneLine(process: ProcessUnderTest, says: readonly RegExp[]): void {
  const told = process.stderr.concat(process.records.filter(({ level }) => level === 'error').map(({ msg }) => msg));
  expect(told).toHaveLength(1);
  for (const pattern of says) expect(told[0]).toMatch(pattern);
  expect(told[0], 'punctuated as sentences are').not.toMatch(/\.\.(?!\.)|[^.!?…]$/);
  const everything = [...process.stdout, ...process.stderr].join('\n');
  expect(everything, 'no stack trace').not.toMatch(/^\s+at |\\n\s+at |node:internal/m);
  expect(everything, 'no password').not.toContain(SECRET);
}

function changed(address: string, change: (url: URL) => void): string {
  const url = new URL(address);
  change(url);
  return url.href;
}
