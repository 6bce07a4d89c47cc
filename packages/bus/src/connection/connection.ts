import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { type ConnectionOptions, connect, errors, type NatsConnection, type Status } from '@nats-io/transport-node';
import { atMost, backoffMs, FailureLog, type Log, rest, unlessAborted } from '@polytape/resilience';
import { BusConfigurationError, connectionClosed } from '../errors.ts';
import { parseServerAddress, type ServerAddress } from './server-address.ts';

export type ConnectOptions = {
  /** NATS_URL, see `parseServerAddress`. */
  url: string;
  /** Name of this connection in the server's lists. */
  name: string;
  log: Log;
  /** Ends the attempts to connect. */
  signal: AbortSignal;
  /** Interval between pings; the connection counts as lost after two without an answer. Default 10,000. */
  pingMs?: number;
};

/**
 * The connection to NATS that everything in this package shares, and its state.
 *
 * connected <-> disconnected, forever; -> closed by `close` only. While disconnected the client would buffer published
 * messages and may drop them at its next attempt to connect, so nothing is published before `connected` is true again.
 */
export class Connection {
  readonly nats: NatsConnection;
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  readonly log: Log;
  /** Resolves when the connection is closed for good: with undefined when we closed it, else with the error. */
  readonly closed: Promise<Error | undefined>;
  readonly #shown: string;
  readonly #onConnected = new Set<() => void>();
  readonly #onDisconnected = new Set<() => void>();
  readonly #onClosed = new Set<() => void>();
  #connected = true;
  #isClosing = false;

  /** As `Bus.connect`. */
  static async open(o: ConnectOptions): Promise<Connection> {
    const address = parseServerAddress(o.url);
    const failures = new FailureLog(o.log);
    for (let attempt = 1; ; attempt += 1) {
      try {
        const nats = await connectOnce(clientOptions(address, o), o.signal);
        failures.recovered({ server: address.shown }, `Connected to NATS at ${address.shown}.`);
        return new Connection(nats, await jetstreamManager(nats, JETSTREAM_OPTIONS), address.shown, o.log);
      } catch (error) {
        o.signal.throwIfAborted();
        const refusal = refusalOf(error, address);
        if (refusal !== null) throw refusal;
        const cause = causeOf(error);
        failures.failed(
          cause,
          { server: address.shown, cause },
          `NATS at ${address.shown} (NATS_URL) cannot be reached: ${cause}. Retrying until it answers.`,
        );
        await rest(backoffMs({ failures: attempt, ...CONNECT_BACKOFF, random: Math.random() }), o.signal);
      }
    }
  }

  private constructor(nats: NatsConnection, jsm: JetStreamManager, shown: string, log: Log) {
    this.nats = nats;
    this.jsm = jsm;
    this.js = jetstream(nats, JETSTREAM_OPTIONS);
    this.log = log;
    this.#shown = shown;
    this.closed = nats.closed().then((error) => {
      this.#connected = false;
      for (const listener of [...this.#onClosed]) listener();
      if (this.#isClosing) return undefined;
      return error instanceof Error ? error : connectionClosed();
    });
    void this.#watch();
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** Identifies the server process that we are connected to, or were; a restarted server has another id. */
  get serverId(): string | undefined {
    return this.nats.info?.server_id;
  }

  /** Calls the listener each time the connection is back. Returns a function that removes the listener. */
  onConnected(listener: () => void): () => void {
    this.#onConnected.add(listener);
    return () => this.#onConnected.delete(listener);
  }

  /** Calls the listener each time the connection is lost. Returns a function that removes the listener. */
  onDisconnected(listener: () => void): () => void {
    this.#onDisconnected.add(listener);
    return () => this.#onDisconnected.delete(listener);
  }

  /** @throws The signal's reason, or BusUnavailableError when the connection is closed for good. */
  async whenConnected(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.nats.isClosed()) throw connectionClosed();
    if (this.#connected) return;
    const back = Promise.withResolvers<void>();
    const onAbort = () => back.reject(signal.reason);
    const onClosed = () => back.reject(connectionClosed());
    const forget = this.onConnected(back.resolve);
    this.#onClosed.add(onClosed);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await back.promise;
    } finally {
      forget();
      this.#onClosed.delete(onClosed);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Flushes for a second at most and closes. Does not wait for a server that is away. */
  async close(): Promise<void> {
    if (this.nats.isClosed()) return;
    this.#isClosing = true;
    // The client's own drain waits for an answer to its flush, which never comes while the server is away.
    if (this.#connected) await atMost(FLUSH_MS_MAX, this.nats.flush()).catch(() => {});
    await this.nats.close();
  }

  async #watch(): Promise<void> {
    const failures = new FailureLog(this.log);
    for await (const status of this.nats.status()) this.#note(status, failures);
  }

  #note(status: Status, failures: FailureLog): void {
    switch (status.type) {
      case 'disconnect':
        if (!this.#connected || this.nats.isClosed()) return;
        this.#connected = false;
        this.log.warn({ server: this.#shown }, 'Lost the connection to NATS. Retrying until it is back.');
        for (const listener of [...this.#onDisconnected]) listener();
        return;
      case 'reconnect':
        this.#connected = true;
        this.log.info({ server: this.#shown }, 'Reconnected to NATS.');
        for (const listener of [...this.#onConnected]) listener();
        return;
      case 'error':
        if (status.error instanceof errors.PermissionViolationError) {
          const { operation, subject } = status.error;
          failures.failed(
            'permission',
            { operation, subject },
            `NATS denies our user permission for ${operation} on ${subject}. Grant it to the user of NATS_URL.`,
            'error',
          );
        } else {
          const { message } = status.error;
          failures.failed(message, { err: status.error }, `NATS reported an error: ${message}.`);
        }
        return;
      default:
        this.log.debug({ status: status.type }, 'The NATS client reported a status.');
    }
  }
}

/** One attempt that an abort abandons: a connection that opens too late is closed. */
async function connectOnce(options: ConnectionOptions, signal: AbortSignal): Promise<NatsConnection> {
  signal.throwIfAborted();
  const attempt = connect(options);
  try {
    return await unlessAborted(attempt, signal);
  } catch (error) {
    if (signal.aborted) attempt.then((late) => late.close()).catch(() => {}); // nobody waits for it any more
    throw error;
  }
}

function clientOptions(address: ServerAddress, o: ConnectOptions): ConnectionOptions {
  return {
    servers: address.servers,
    name: o.name,
    ...(address.tls ? { tls: {} } : {}),
    ...(address.user === undefined ? {} : { user: address.user }),
    ...(address.pass === undefined ? {} : { pass: address.pass }),
    ...(address.token === undefined ? {} : { token: address.token }),
    timeout: 5_000,
    reconnect: true,
    maxReconnectAttempts: -1, // the client's own default gives up after 10
    // Two refusals in a row would close the connection for good, and a server under load says "authentication timeout".
    ignoreAuthErrorAbort: true,
    reconnectTimeWait: 250,
    reconnectJitter: 250,
    pingInterval: o.pingMs ?? 10_000,
    maxPingOut: 2,
    noAsyncTraces: true, // a stack trace per request costs more than the request
  };
}

/** Why this server will never accept us with these settings; null when it may later. */
function refusalOf(error: unknown, address: ServerAddress): BusConfigurationError | null {
  // Only the server's own text tells wrong credentials from a server that is too slow to check them.
  if (error instanceof errors.AuthorizationError && /violation/i.test(error.message)) {
    const who = address.user === undefined ? 'our connection' : `user ${JSON.stringify(address.user)}`;
    return new BusConfigurationError(
      `NATS at ${address.shown} refuses ${who}.`,
      'Put the right user and password into NATS_URL (nats://user:password@host:4222).',
      error,
    );
  }
  if (error instanceof errors.InvalidArgumentError || isInvalidUrl(error)) {
    return new BusConfigurationError(
      `NATS_URL cannot be used: ${error.message}.`,
      'Write it as nats://[user:password@]host:4222.',
      error,
    );
  }
  return null;
}

/** An address that Node's URL accepts and the client's own parser does not. */
function isInvalidUrl(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && error.code === 'ERR_INVALID_URL';
}

/** The innermost cause in a few words: `connect ECONNREFUSED 127.0.0.1:4222`. */
function causeOf(error: unknown): string {
  let at = error;
  while (at instanceof Error && at.cause instanceof Error) at = at.cause;
  if (at instanceof errors.TimeoutError) return 'no answer in time';
  return at instanceof Error ? at.message : String(at);
}

/** checkAPI would query the server in the constructor; `reconcile` does that, with an error for the operator. */
const JETSTREAM_OPTIONS = { timeout: 5_000, checkAPI: false };
const CONNECT_BACKOFF = { minMs: 100, maxMs: 5_000 };
const FLUSH_MS_MAX = 1_000;
