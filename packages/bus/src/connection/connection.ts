import { setTimeout as sleep } from 'node:timers/promises';
import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { type ConnectionOptions, connect, errors, type NatsConnection, type Status } from '@nats-io/transport-node';
import type { Log } from '@polytape/types';
import { BusConfigurationError, connectionClosed } from '../errors.ts';
import { pause } from './pause.ts';
import { retryDelayMs } from './retry-delay.ts';
import { parseServerAddress, type ServerAddress } from './server-address.ts';
import { Trouble } from './trouble.ts';

export type ConnectOptions = {
  /** NATS_URL, see `parseServerAddress`. */
  url: string;
  /** Who we are, for the server's operator. */
  name: string;
  log: Log;
  /** Ends the trying. */
  signal: AbortSignal;
  /** How often the server is pinged; a peer that died without a word is given up after two in vain. Default 10,000. */
  pingMs?: number;
};

/**
 * The one connection to NATS that everything in this package shares, and what is known of its state.
 *
 * connected <-> disconnected, for ever; -> closed by `close` only. While disconnected the client would buffer what is
 * published and may drop it at its next attempt to connect, so nobody here publishes before `connected` is true again.
 */
export class Connection {
  readonly nats: NatsConnection;
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  readonly log: Log;
  /** Closed for good, with the error when it was not our own doing. */
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
    const trouble = new Trouble(o.log);
    for (let attempt = 1; ; attempt += 1) {
      try {
        const nats = await connectOnce(clientOptions(address, o), o.signal);
        trouble.over({ server: address.shown }, `NATS at ${address.shown} is there.`);
        return new Connection(nats, await jetstreamManager(nats, JETSTREAM_OPTIONS), address.shown, o.log);
      } catch (error) {
        o.signal.throwIfAborted();
        const refusal = refusalOf(error, address);
        if (refusal !== null) throw refusal;
        trouble.tell(
          { server: address.shown, cause: causeOf(error) },
          `NATS at ${address.shown} (NATS_URL) cannot be reached: ${causeOf(error)}. Trying until it can.`,
        );
        await pause(retryDelayMs(attempt, CONNECT_DELAY, Math.random()), o.signal);
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

  /** Calls the listener each time that the connection is back; returns what stops that. */
  onConnected(listener: () => void): () => void {
    this.#onConnected.add(listener);
    return () => this.#onConnected.delete(listener);
  }

  /** Calls the listener each time that the connection is lost; returns what stops that. */
  onDisconnected(listener: () => void): () => void {
    this.#onDisconnected.add(listener);
    return () => this.#onDisconnected.delete(listener);
  }

  /** @throws The signal's reason, or BusUnavailableError when the connection was closed for good. */
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

  /** Sends what was published, waits for that at most a second, and closes. Does not wait for a server that is away. */
  async close(): Promise<void> {
    if (this.nats.isClosed()) return;
    this.#isClosing = true;
    // The client's own drain waits for an answer to its flush, which never comes while the server is away.
    if (this.#connected) await Promise.race([this.nats.flush().catch(() => {}), sleep(FLUSH_MS_MAX)]);
    await this.nats.close();
  }

  async #watch(): Promise<void> {
    const denied = new Trouble(this.log, 'error');
    const failing = new Trouble(this.log);
    for await (const status of this.nats.status()) this.#note(status, denied, failing);
  }

  #note(status: Status, denied: Trouble, failing: Trouble): void {
    switch (status.type) {
      case 'disconnect':
        if (!this.#connected || this.nats.isClosed()) return;
        this.#connected = false;
        this.log.warn({ server: this.#shown }, 'The connection to NATS is lost; trying until it is back.');
        for (const listener of [...this.#onDisconnected]) listener();
        return;
      case 'reconnect':
        this.#connected = true;
        this.log.info({ server: this.#shown }, 'The connection to NATS is back.');
        for (const listener of [...this.#onConnected]) listener();
        return;
      case 'error':
        if (status.error instanceof errors.PermissionViolationError) {
          denied.tell(
            { operation: status.error.operation, subject: status.error.subject },
            `NATS refuses us the right of ${status.error.operation} on ${status.error.subject}; grant it to the user of NATS_URL.`,
          );
        } else failing.tell({ err: status.error }, `NATS reported an error: ${status.error.message}.`);
        return;
      default:
        this.log.debug({ status: status.type }, 'The connection to NATS changed its state.');
    }
  }
}

/** One attempt that can be abandoned: a connection that comes too late is closed. */
async function connectOnce(options: ConnectionOptions, signal: AbortSignal): Promise<NatsConnection> {
  signal.throwIfAborted();
  const attempt = connect(options);
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([attempt, aborted.promise]);
  } catch (error) {
    if (signal.aborted) attempt.then((late) => late.close()).catch(() => {}); // nobody waits for this attempt any more
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
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

/** Why this server will never take us as we are, or null when it may later. */
function refusalOf(error: unknown, address: ServerAddress): BusConfigurationError | null {
  // The server's own word is all that tells wrong credentials from a server too slow to check them.
  if (error instanceof errors.AuthorizationError && /violation/i.test(error.message)) {
    const who = address.user === undefined ? 'us' : `user ${JSON.stringify(address.user)}`;
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

/** An address that Node's URL takes and the client's own reading of it does not. */
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

/** checkAPI would ask the server at construction; `reconcile` does that, with words for the operator. */
const JETSTREAM_OPTIONS = { timeout: 5_000, checkAPI: false };
const CONNECT_DELAY = { firstMs: 200, lastMs: 5_000 };
const FLUSH_MS_MAX = 1_000;
