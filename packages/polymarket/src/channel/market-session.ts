import { randomBytes } from 'node:crypto';
import { isTokenId, type Log, OutageNotice, SHARD_TOKENS_MAX } from '@polytape/types';
import { excerpt } from '../excerpt.ts';
import { backoffMs } from '../http/backoff-ms.ts';
import { type VenueError, VenueRefusedError } from '../venue-errors.ts';
import { isPong } from './is-pong.ts';
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
  /** Best prices, new and resolved markets as well: those two of all markets, whatever is subscribed. Default false. */
  customFeatures?: boolean;
  backoffMsMin?: number;
  backoffMsMax?: number;
  /** A connection that lived so long was a success: after it the backoff begins anew. */
  settledAfterMs?: number;
  /** To be shared by the sessions of a process, so that they tell an outage once. */
  outage?: OutageNotice;
  /** To be shared likewise, so that they do not all come back at once: when, by the clock of `performance`, it may try. */
  pace?: { reserve(nowMs: number): number };
  random?: () => number;
};

/**
 * Keeps the subscription of one shard alive over successive sockets.
 *
 * idle (no tokens) -> connecting -> open -> waiting -> connecting -> … -> disposed. A failed or ended socket moves it to
 * waiting, whose length doubles from 1 s to 30 s with chance in it; a connection that lasted resets it. 403 is retried
 * at the longest wait and logged as an error with what to do. The tokens are all named anew on each socket.
 *
 * It judges whether a socket is dead (nothing, not even PONG, to three PINGs), not whether its data has stalled. It
 * hands frames over unread: see `recogniseFrame` and `parseFrame`. A handler that throws is logged and counted, and the
 * session goes on: one frame must not cost the ones behind it.
 *
 * Source: the venue's market channel; first message, heartbeat and later operations as documented there.
 */
export class MarketSession implements AsyncDisposable {
  readonly #url: URL;
  readonly #handler: SessionHandler;
  readonly #log: Log;
  readonly #outage: OutageNotice;
  readonly #handlerFailures = new OutageNotice();
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

  /** @throws {RangeError} The URL is none of a WebSocket, or a token id is malformed or one too many. */
  constructor(options: MarketSessionOptions) {
    this.#url = webSocketUrl(options.url);
    this.#handler = options.handler;
    this.#log = options.log;
    this.#outage = options.outage ?? new OutageNotice();
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
   * Adds tokens, in place when the socket is open. Tokens already subscribed are left alone.
   *
   * @throws {RangeError} A token id is malformed, or the session would hold more than SHARD_TOKENS_MAX. Nothing is added.
   */
  subscribe(tokenIds: Iterable<string>): void {
    const added = [...new Set(tokenIds)].filter((tokenId) => !this.#tokenIds.has(tokenId));
    const malformed = added.find((tokenId) => !isTokenId(tokenId));
    if (malformed !== undefined) throw new RangeError(`not a token id: "${excerpt(String(malformed), 80)}"`);
    if (this.#tokenIds.size + added.length > SHARD_TOKENS_MAX) {
      throw new RangeError(
        `${this.#tokenIds.size + added.length} tokens on one connection, at most ${SHARD_TOKENS_MAX}`,
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
   * also from one whose only token is subscribed already and is otherwise refused as a duplicate.
   */
  setCustomFeatures(on: boolean): void {
    if (this.#customFeatures === on) return;
    this.#customFeatures = on;
    const [any] = this.#tokenIds;
    if (any !== undefined) this.#change('subscribe', [any]);
  }

  /** Stops reading the socket, so that the venue's frames wait. PING goes on, and silence is not judged. */
  pause(): void {
    this.#paused = true;
    this.#socket?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#socket?.resume();
  }

  /**
   * Closes the socket once everything has been read that the venue had sent, as far as that comes within `drainTimeoutMs`.
   * `onClose` is called before it resolves, and nothing after.
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
        text: (text, receivedAtUs) => this.#text(connection, text, receivedAtUs),
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
    if (this.#outage.recovered()) this.#log.info(fields, `Connected to ${this.#url.host} again.`);
    else this.#log.debug(fields, `Connected to ${this.#url.host}.`);
    this.#call('opening', () => this.#handler.onOpen(connection));
  }

  #text(connection: SessionConnection, text: string, receivedAtUs: number): void {
    if (isPong(text)) return;
    this.#call('frame', () => this.#handler.onFrame(connection, text, receivedAtUs));
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
    this.#tell(end, waitMs);
    this.#waitTimer = setTimeout(() => this.#connectInTurn(), waitMs);
  }

  /** Takes its turn only now, so that one that waits for long does not hold up the others. */
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

  #tell(end: SocketEnd, waitMs: number): void {
    const sentence = end.cause?.message ?? `${this.#url.host} closed the connection (${closing(end)})`;
    const { say, unsaid } = this.#outage.failed(sentence, performance.now());
    if (!say) return;
    const fields = { host: this.#url.host, code: end.code, failures: this.#failures, waitMs, unsaid };
    const next = `Trying again in ${(waitMs / 1_000).toFixed(1)} s, and then at most every ${this.#backoff.maxMs / 1_000} s.`;
    if (end.cause instanceof VenueRefusedError) {
      this.#log.error({ ...fields, operatorAction: end.cause.operatorAction }, `${sentence}. ${next}`);
    } else this.#log.warn(fields, `${sentence}. ${next}`);
  }

  #change(operation: 'subscribe' | 'unsubscribe', tokenIds: readonly string[]): void {
    // Before that, the first message will name all tokens anyway.
    if (this.#state !== 'open') return;
    for (const message of operationMessages(operation, tokenIds, { customFeatures: this.#customFeatures })) {
      this.#socket?.send(message);
    }
  }

  #clockMoved(driftMs: number): void {
    this.#log.warn(
      { driftMs },
      `The machine's clock moved by ${driftMs} ms (set, or asleep); receive times follow it.`,
    );
  }

  #call(stage: string, act: () => void): void {
    try {
      act();
    } catch (error) {
      const { say, unsaid } = this.#handlerFailures.failed(`${stage} ${String(error)}`, performance.now());
      if (say)
        this.#log.error({ err: error, stage, unsaid }, `A handler failed at ${stage}; what it was given may be lost.`);
    }
  }
}

function webSocketUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^wss?:$/.test(url.protocol) || url.hash !== '') {
    throw new RangeError('the market channel needs a URL that begins with wss:// or ws://');
  }
  return url;
}

function closing(end: SocketEnd): string {
  return end.reason === '' ? `${end.code}` : `${end.code}, ${excerpt(end.reason, 80)}`;
}

/** One for all sessions, so that their receive times compare. */
const SHARED_CLOCK = new ReceiveClock();
/** A venue that asks for more than this is asked again all the same. */
const RETRY_AFTER_MS_MAX = 300_000;
