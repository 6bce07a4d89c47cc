import { Socket } from 'node:net';
import { backoffMs, FailureLog, type Log, rest } from '@polytape/resilience';
import { Client, type ClientConfig, DatabaseError } from 'pg';
import { DatabaseConfigurationError } from './errors.ts';

/** Where the database is: the connection settings, and its name for people, without the password. */
export type DatabaseAddress = { config: ClientConfig; host: string };

/**
 * Parses DATABASE_URL.
 *
 * @throws {DatabaseConfigurationError} It is not the URL of a PostgreSQL server.
 */
export function databaseAddress(url: string, applicationName: string): DatabaseAddress {
  // The parsers' errors quote the URL, and with it the password, so they do not become the cause.
  const parsed = URL.parse(url);
  if (parsed === null || !/^postgres(ql)?:$/.test(parsed.protocol)) {
    throw new DatabaseConfigurationError('DATABASE_URL is not the URL of a PostgreSQL server', URL_REMEDY);
  }
  const config: ClientConfig = {
    connectionString: url,
    application_name: applicationName,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_MS,
    connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
  };
  try {
    const { host, port } = new Client(config);
    return { config, host: host.startsWith('/') ? host : `${host}:${port}` };
  } catch (error) {
    const { path } = error as { path?: string };
    if (path === undefined) throw new DatabaseConfigurationError('DATABASE_URL cannot be parsed', URL_REMEDY);
    throw new DatabaseConfigurationError(
      `DATABASE_URL names the file ${path}, which cannot be read`,
      'correct its path',
    );
  }
}

/** Makes the server notice when this end is gone: by default it would hold our locks for two more hours. */
export const KEEPALIVE_OF_SERVER =
  'SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3';

/**
 * Opens a connection outside the pool and without the pool's timeouts, for work that may take long. An abort of `signal`
 * ends the attempt.
 *
 * @param options.answerMsMax Longest wait for the answer to a query, after which the query fails: the server's own timeouts
 *   do not reach us when the network is down. By default it waits forever.
 */
export async function openClient(
  address: DatabaseAddress,
  options: { applicationName: string; signal: AbortSignal; answerMsMax?: number },
): Promise<OwnClient> {
  options.signal.throwIfAborted();
  const socket = new Socket();
  const cut = () => socket.destroy();
  const client = new Client({
    ...address.config,
    application_name: options.applicationName,
    query_timeout: options.answerMsMax,
    stream: () => socket,
  });
  // A lost connection also fails the running query and emits 'end'. Without a listener the 'error' event ends the process.
  client.on('error', () => {});
  options.signal.addEventListener('abort', cut, { once: true });
  try {
    await client.connect();
    await client.query(KEEPALIVE_OF_SERVER);
    await client.query('SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0');
    return { client, close: () => close(client, socket) };
  } catch (error) {
    cut();
    throw error;
  } finally {
    options.signal.removeEventListener('abort', cut);
  }
}

export type OwnClient = {
  client: Client;
  /** Ends the session in order, without a long wait for the server. */
  close(): Promise<void>;
};

async function close(client: Client, socket: Socket): Promise<void> {
  const impatience = setTimeout(() => socket.destroy(), CLOSE_MS_MAX);
  await client.end().catch(() => {}); // it was lost before
  clearTimeout(impatience);
}

/**
 * Retries until it works, and logs why it does not.
 *
 * @throws {DatabaseConfigurationError} At once, when a retry would not help.
 * @throws The reason of `signal` when it aborts.
 */
export async function untilReachable<T>(
  connect: () => Promise<T>,
  options: { host: string; log: Log; signal: AbortSignal },
): Promise<T> {
  const { host, log, signal } = options;
  const failures = new FailureLog(log);
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted();
    try {
      const result = await connect();
      failures.recovered({ host }, `Connected to PostgreSQL at ${host}.`);
      return result;
    } catch (error) {
      const mistake = configurationMistake(error, host);
      if (mistake !== null) throw mistake;
      const cause = causeOf(error);
      failures.failed(
        cause,
        { host, cause },
        `PostgreSQL at ${host} cannot be reached (${cause}). Retrying until it answers.`,
      );
    }
    await rest(backoffMs({ failures: attempt, ...RETRY_BACKOFF, random: Math.random() }), signal);
  }
}

/** The error as one that a person has to mend; null when the server may merely be away. */
export function configurationMistake(error: unknown, host: string): DatabaseConfigurationError | null {
  if (error instanceof DatabaseConfigurationError) return error;
  const mistake = (what: string, remedy: string) => new DatabaseConfigurationError(what, remedy, { cause: error });
  const { code, message, detail } = error as { code?: string; message: string; detail?: string };
  switch (code) {
    case '28P01':
      return mistake(
        `PostgreSQL at ${host} refuses the password (${message})`,
        'correct user and password in DATABASE_URL',
      );
    case '28000':
      return mistake(
        `PostgreSQL at ${host} refuses the user (${message})`,
        "correct the user in DATABASE_URL, or allow it in the server's pg_hba.conf",
      );
    case '3D000':
      return mistake(
        `PostgreSQL at ${host} has no such database (${message})`,
        'correct the name in DATABASE_URL, or create the database',
      );
    case '42501':
      return mistake(
        `the role of DATABASE_URL lacks a right on ${host} (${message})`,
        'make it the owner of the database, or GRANT it the right',
      );
    case '2BP01': // dependent objects still exist
      return mistake(
        `an object in the database on ${host} depends on one that has to be recreated (${detail ?? message})`,
        'drop it, start again, and create it again afterwards',
      );
  }
  // These two come from the client without a code: only their texts identify them.
  if (message?.startsWith('SASL:')) {
    return mistake(`PostgreSQL at ${host} asks for a password`, 'put user and password into DATABASE_URL');
  }
  if (message === 'The server does not support SSL connections') {
    return mistake(`PostgreSQL at ${host} does not support TLS`, 'remove sslmode from DATABASE_URL');
  }
  if (code !== undefined && CERTIFICATE_ERRORS.has(code)) {
    return mistake(
      `the certificate of PostgreSQL at ${host} cannot be trusted (${code})`,
      'name its certificate authority with sslrootcert in DATABASE_URL',
    );
  }
  return null;
}

function causeOf(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  if (error instanceof DatabaseError) return `${message}, SQLSTATE ${code}`;
  return code ?? message ?? String(error);
}

const URL_REMEDY =
  'write postgresql://user:password@host:5432/database, with special characters of the password percent-encoded';

const CERTIFICATE_ERRORS = new Set([
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

const KEEPALIVE_MS = 10_000;
const CONNECTION_TIMEOUT_MS = 10_000;
const CLOSE_MS_MAX = 2_000;
const RETRY_BACKOFF = { minMs: 200, maxMs: 2_000 };
