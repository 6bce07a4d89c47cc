import { randomBytes } from 'node:crypto';
import { backoffMs, FailureLog, type Log } from '@polytape/resilience';
import { isTokenId, SHARD_TOKENS_MAX } from '@polytape/types';
import { excerpt } from '../excerpt.ts';
import { type VenueError, VenueRefusedError } from '../venue-errors.ts';
import { MarketSocket, type SocketEnd, type SocketLimits } from './market-socket.ts';
import { ReceiveClock } from './receive-clock.ts';
import type { SessionConnection, SessionHandler } from './session-handler.ts';
import { firstMessage, operationMessages } from './subscription-messages.ts';

export type MarketSessionOptions = Partial<SocketLimits> & {
  /** The market channel's full address, `wss://…/ws/market`. */
  url: string;
  tokenIds: Iterable<string>;
  handler: SessionHandler;
  log: Log;
  /** Also receive best prices, and new and resolved markets (of the whole venue, whatever is subscribed). Default false. */
  customFeatures?: boolean;
  backoffMsMin?: number;
  backoffMsMax?: number;
  /** After a connection that lasted this long, the backoff starts again from its minimum. */
  settledAfterMs?: number;
  /** Share one among the sessions of a process, so that they report an outage once. */
  outage?: FailureLog;
  /** Share one likewise, so that the sessions do not all reconnect at once: gives the time at which one may connect. */
  pace?: { reserve(nowMs: number): number };
  random?: () => number;
};

/**
 * Keeps the subscription of one shard alive over successive sockets.
 *
 * idle (no tokens) -> connecting -> open -> waiting -> connecting -> … -> disposed. When a socket fails or ends, the session
 * waits: 1 s at first, doubling to 30 s, with jitter; a connection that lasted resets the wait. A 403 is retried at the
 * longest wait and logged as an error that says what to do. Each socket subscribes to all tokens again.
 *
 * The session replaces a socket that is dead (nothing, not even PONG, in answer to three PINGs); it does not judge whether
 * the data has stalled. It hands frames over unparsed: see `plainQuote`, `recogniseFrame` and `parseFrame`. When a handler throws, the
 * session logs it and goes on, so that one bad frame does not cost the frames behind it.
 *
 * Source: the venue's documentation of the market channel (first message, heartbeat, later operations).
 */
export class MarketSession implements AsyncDisposable {
  readonly #url: URL;
  readonly #handler: SessionHandler;
  readonly #log: Log;
  readonly #outage: FailureLog;
  readonly #handlerFailures: FailureLog;
  readonly #pace: MarketSessionOptions['pace'];
  readonly #random: () => number;
  #customFeatures: boolean;
  readonly #limits: SocketLimits;
  readonly #backoff: { minMs: number; maxMs: number };
  readonly #settledAfterMs: number;
  readonly #tokenIds = new Set<string>();
  #state: 'idle' | 'connecting' | 'open' | 'waiting' | 'disposed' = 'idle';
  #socket: MarketSocket | null = null;
  #openedAtMs = 0;
  #failures = 0;
  #paused = false;
  #waitTimer: NodeJS.Timeout | undefined;
  readonly #ended = Promise.withResolvers<void>();

  /** @throws {RangeError} The URL is not a WebSocket's, a token id is malformed, or there are too many tokens. */
  constructor(options: MarketSessionOptions) {
    this.#url = webSocketUrl(options.url);
    this.#handler = options.handler;
    this.#log = options.log;
    this.#outage = options.outage ?? new FailureLog(options.log);
    this.#handlerFailures = new FailureLog(options.log);
    this.#pace = options.pace;
    this.#random = options.random ?? Math.random;
    this.#customFeatures = options.customFeatures ?? false;
    this.#limits = {
      handshakeTimeoutMs: options.handshakeTimeoutMs ?? 10_000,
      pingIntervalMs: options.pingIntervalMs ?? 10_000,
      silentPingsMax: options.silentPingsMax ?? 3,
      frameBytesMax: options.frameBytesMax ?? 128 * 1024 * 1024,
      closeTimeoutMs: options.closeTimeoutMs ?? 1_000,
      drainTimeoutMs: options.drainTimeoutMs ?? 5_000,
    };
    this.#backoff = { minMs: options.backoffMsMin ?? 1_000, maxMs: options.backoffMsMax ?? 30_000 };
    this.#settledAfterMs = options.settledAfterMs ?? 30_000;
    this.subscribe(options.tokenIds);
  }

  /**
   * Adds tokens, in place when the socket is open. Tokens that are already subscribed are ignored.
   *
   * @throws {RangeError} A token id is malformed, or the session would exceed SHARD_TOKENS_MAX. No token is added then.
   */
  subscribe(tokenIds: Iterable<string>): void {
    const added = [...new Set(tokenIds)].filter((tokenId) => !this.#tokenIds.has(tokenId));
    const malformed = added.find((tokenId) => !isTokenId(tokenId));
    if (malformed !== undefined) throw new RangeError(`not a token id: "${excerpt(String(malformed), 80)}"`);
    if (this.#tokenIds.size + added.length > SHARD_TOKENS_MAX) {
      throw new RangeError(
        `${this.#tokenIds.size + added.length} tokens on one connection; at most ${SHARD_TOKENS_MAX} are allowed`,
      );
    }
    for (const tokenId of added) this.#tokenIds.add(tokenId);
    this.#change('subscribe', added);
    if (this.#state === 'idle' && this.#tokenIds.size > 0) this.#connect();
  }

  /** Removes tokens, in place when the socket is open. */
  unsubscribe(tokenIds: Iterable<string>): void {
    const removed = [...new Set(tokenIds)].filter((tokenId) => this.#tokenIds.delete(tokenId));
    this.#change('unsubscribe', removed);
  }

  /**
   * Turns `customFeatures` on or off, in place when the socket is open. The venue takes the flag from any later message,
   * even from one that it otherwise refuses because its only token is already subscribed.
   */
  setCustomFeatures(on: boolean): void {
    if (this.#customFeatures === on) return;
    this.#customFeatures = on;
    const [any] = this.#tokenIds;
    if (any !== undefined) this.#change('subscribe', [any]);
  }

  /** Stops reading the socket, so that the venue's frames wait in the network. PINGs continue, and silence is not judged. */
  pause(): void {
    this.#paused = true;
    this.#socket?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#socket?.resume();
  }

  /**
   * Closes the socket after reading everything that the venue has sent so far, as far as it arrives within
   * `drainTimeoutMs`. `onClose` is called before this resolves, and nothing afterwards.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#state = 'disposed';
    clearTimeout(this.#waitTimer);
    if (this.#socket === null) return;
    this.#socket.close();
    await this.#ended.promise;
  }

  #connect(): void {
    this.#state = 'connecting';
    const connection = { connectionId: randomBytes(8).toString('hex') };
    this.#socket = new MarketSocket({
      url: this.#url,
      paused: this.#paused,
      limits: this.#limits,
      clock: SHARED_CLOCK,
      listener: {
        opened: () => this.#opened(connection),
        text: (frame, receivedAtUs) => this.#text(connection, frame, receivedAtUs),
        binary: (bytes, receivedAtUs) =>
          this.#call('binary frame', () => this.#handler.onBinary(connection, bytes, receivedAtUs)),
        clockMoved: (driftMs) => this.#clockMoved(driftMs),
        ended: (end) => this.#closed(connection, end),
      },
    });
  }

  #opened(connection: SessionConnection): void {
    if (this.#state === 'disposed') return;
    this.#state = 'open';
    this.#openedAtMs = performance.now();
    this.#socket?.send(firstMessage(this.#tokenIds, { customFeatures: this.#customFeatures }));
    const fields = { host: this.#url.host, connectionId: connection.connectionId, tokens: this.#tokenIds.size };
    this.#log.debug(fields, `Connected to ${this.#url.host}.`);
    this.#outage.recovered(fields, `Connected to ${this.#url.host} again.`);
    this.#call('opening', () => this.#handler.onOpen(connection));
  }

  /** Without `#call`, which would make a function for each frame. */
  #text(connection: SessionConnection, frame: Buffer, receivedAtUs: number): void {
    try {
      this.#handler.onFrame(connection, frame, receivedAtUs);
    } catch (error) {
      this.#handlerFailed('frame', error);
    }
  }

  #closed(connection: SessionConnection, end: SocketEnd): void {
    this.#socket = null;
    if (end.opened) {
      const { code, reason, cause, unreadMs } = end;
      const ended = cause === null ? { code, reason, unreadMs } : { code, reason, unreadMs, cause };
      this.#call('closing', () => this.#handler.onClose(connection, ended));
    }
    if (this.#state === 'disposed') {
      this.#ended.resolve();
      return;
    }
    const lasted = end.opened && performance.now() - this.#openedAtMs >= this.#settledAfterMs;
    this.#failures = lasted ? 1 : this.#failures + 1;
    if (this.#tokenIds.size === 0) {
      this.#state = 'idle';
      return;
    }
    this.#state = 'waiting';
    const waitMs = this.#waitMs(end.cause);
    this.#logEnd(connection, end, waitMs);
    this.#waitTimer = setTimeout(() => this.#connectInTurn(), waitMs);
  }

  /** Takes its turn only after the wait, so that a session with a long wait does not hold up the others. */
  #connectInTurn(): void {
    const nowMs = performance.now();
    const turnInMs = (this.#pace?.reserve(nowMs) ?? nowMs) - nowMs;
    if (turnInMs > 0) this.#waitTimer = setTimeout(() => this.#connect(), turnInMs);
    else this.#connect();
  }

  #waitMs(cause: VenueError | null): number {
    const failures = cause instanceof VenueRefusedError ? Number.POSITIVE_INFINITY : this.#failures;
    const ownMs = backoffMs({ ...this.#backoff, failures, random: this.#random() });
    const askedMs = cause !== null && 'retryAfterMs' in cause ? (cause.retryAfterMs ?? 0) : 0;
    return Math.max(ownMs, Math.min(askedMs, RETRY_AFTER_MS_MAX));
  }

  #logEnd({ connectionId }: SessionConnection, { code, reason, cause }: SocketEnd, waitMs: number): void {
    const { host } = this.#url;
    const closing = reason === '' ? `${code}` : `${code}, ${excerpt(reason, 80)}`;
    const what = cause?.message ?? `${host} closed the connection (${closing})`;
    const refusal = cause instanceof VenueRefusedError ? { operatorAction: cause.operatorAction } : null;
    this.#outage.failed(
      what,
      { host, connectionId, code, failures: this.#failures, waitMs, ...refusal },
      `${what}. Trying again in ${(waitMs / 1_000).toFixed(1)} s, then at least every ${this.#backoff.maxMs / 1_000} s.`,
      refusal === null ? 'warn' : 'error',
    );
  }

  #change(operation: 'subscribe' | 'unsubscribe', tokenIds: readonly string[]): void {
    // Until then, the first message will name all tokens anyway.
    if (this.#state !== 'open') return;
    for (const message of operationMessages(operation, tokenIds, { customFeatures: this.#customFeatures })) {
      this.#socket?.send(message);
    }
  }

  #clockMoved(driftMs: number): void {
    this.#log.warn(
      { driftMs },
      `The system clock jumped by ${driftMs} ms (it was set, or the machine slept). Receive times follow it.`,
    );
  }

  #call(stage: string, act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#handlerFailed(stage, error);
    }
  }

  #handlerFailed(stage: string, error: unknown): void {
    this.#handlerFailures.failed(
      `${stage} ${String(error)}`,
      { err: error, stage },
      `A handler failed while handling a ${stage}. Its data may be lost.`,
      'error',
    );
  }
}

function webSocketUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^wss?:$/.test(url.protocol) || url.hash !== '') {
    throw new RangeError('the URL of the market channel must begin with wss:// or ws://');
  }
  return url;
}

/** One for all sessions, so that their receive times are comparable. */
const SHARED_CLOCK = new ReceiveClock();
/** The longest wait that the venue can ask for. */
const RETRY_AFTER_MS_MAX = 300_000;
