import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { networkCause } from '../http/network-cause.ts';
import { retryAfterMs } from '../http/retry-after.ts';
import {
  VenueAnswerError,
  type VenueError,
  VenueRefusedError,
  VenueThrottledError,
  VenueUnavailableError,
} from '../venue-errors.ts';
import { isPong, PONG_LENGTH_MAX } from './is-pong.ts';
import type { ReceiveClock } from './receive-clock.ts';

/** Limits of a socket. */
export type SocketLimits = {
  handshakeTimeoutMs: number;
  pingIntervalMs: number;
  /** How many PINGs in a row may stay unanswered, with nothing else received, before the socket counts as dead. */
  silentPingsMax: number;
  frameBytesMax: number;
  closeTimeoutMs: number;
  /** How long a socket that is being closed is still read, to receive what the venue had sent by then. */
  drainTimeoutMs: number;
};

/**
 * How a socket ended. `opened` is false if the socket never opened. `unreadMs`: if the socket was closed before everything
 * that the venue had sent was read, an upper bound of the time span of the unread frames; otherwise 0.
 */
export type SocketEnd = { opened: boolean; code: number; reason: string; cause: VenueError | null; unreadMs: number };

export type SocketListener = {
  opened(): void;
  /** A text frame in UTF-8, but never PONG. */
  text(frame: Buffer, receivedAtUs: number): void;
  binary(bytes: Buffer, receivedAtUs: number): void;
  /** The wall clock jumped; receive times follow it from now on. */
  clockMoved(driftMs: number): void;
  /** Called once, as the last call. */
  ended(end: SocketEnd): void;
};

/**
 * One WebSocket to the market channel: opening -> open -> draining -> ended, each at most once. It sends the heartbeat, and
 * ends itself when nothing arrives any more, not even PONG, or when a frame exceeds `frameBytesMax`. Before it closes, it
 * reads until the PONG to a last PING, because frames may still be waiting in the network.
 */
export class MarketSocket {
  readonly #socket: WebSocket;
  readonly #at: { host: string; path: string };
  readonly #limits: SocketLimits;
  readonly #clock: ReceiveClock;
  readonly #listener: SocketListener;
  #opened = false;
  #paused: boolean;
  #cause: VenueError | null = null;
  /** Replaces the close code that arrives, if we know the cause better. */
  #ownCode: number | null = null;
  #silentPings = 0;
  /** When each unanswered PING was sent, oldest first. */
  #unansweredAtMs: number[] = [];
  /** Everything that the venue had sent by this time has been read. */
  #readUpToMs = 0;
  #readingSinceMs = 0;
  #drain: { sinceMs: number; texts: number; textsSeen: number; silentBeats: number; timer: NodeJS.Timeout } | null =
    null;
  #heartbeat: NodeJS.Timeout | undefined;
  #closeTimer: NodeJS.Timeout | undefined;

  constructor(options: {
    url: URL;
    paused: boolean;
    limits: SocketLimits;
    clock: ReceiveClock;
    listener: SocketListener;
  }) {
    this.#at = { host: options.url.host, path: options.url.pathname };
    this.#paused = options.paused;
    this.#limits = options.limits;
    this.#clock = options.clock;
    this.#listener = options.listener;
    this.#socket = new WebSocket(options.url, {
      perMessageDeflate: false,
      maxPayload: options.limits.frameBytesMax,
      handshakeTimeout: options.limits.handshakeTimeoutMs,
      allowSynchronousEvents: true,
      autoPong: true,
      followRedirects: false,
      // #message checks it, and keeps a text frame that is not UTF-8 as bytes; `ws` would close the socket.
      skipUTF8Validation: true,
    });
    this.#socket.on('open', () => this.#open());
    this.#socket.on('message', (data, isBinary) => this.#message(data as Buffer, isBinary));
    this.#socket.on('ping', () => this.#alive());
    this.#socket.on('pong', () => this.#alive());
    this.#socket.on('unexpected-response', (_request, response) => this.#refused(response));
    this.#socket.on('error', (error) => this.#failed(error));
    this.#socket.on('close', (code, reason) => this.#close(code, reason.toString('utf8')));
  }

  /** Sends text; does nothing if the socket is closing. */
  send(text: string): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(text);
  }

  /** Stops reading. The rest of the chunk being read (64 KiB) is still delivered, and PINGs continue. */
  pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (this.#paused) this.#readingSinceMs = performance.now();
    this.#paused = false;
    this.#silentPings = 0;
    this.#socket.resume();
  }

  /**
   * Keeps reading, also when paused, until the venue has answered a last PING, nothing arrives any more, or
   * `drainTimeoutMs` is over. Then closes, with the closing handshake if the other side answers within `closeTimeoutMs`.
   * `ended` is called in any case.
   */
  close(): void {
    if (this.#drain !== null) return;
    if (this.#socket.readyState !== WebSocket.OPEN) {
      this.#leave();
      return;
    }
    const timer = setInterval(() => this.#drainBeat(), this.#limits.closeTimeoutMs / SILENT_BEATS_MAX);
    this.resume();
    this.#drain = { sinceMs: performance.now(), texts: 0, textsSeen: 0, silentBeats: 0, timer };
    this.#ping(this.#drain.sinceMs);
  }

  #open(): void {
    this.#opened = true;
    this.#readUpToMs = performance.now();
    this.#readingSinceMs = this.#readUpToMs;
    this.#heartbeat = setInterval(() => this.#beat(), this.#limits.pingIntervalMs);
    this.#listener.opened();
    if (this.#paused) this.#socket.pause();
  }

  #message(data: Buffer, isBinary: boolean): void {
    const receivedAtUs = this.#clock.nowUs();
    this.#alive();
    if (this.#drain !== null) this.#drain.texts += 1;
    if (isBinary || !isUtf8(data)) {
      this.#listener.binary(data, receivedAtUs);
      return;
    }
    if (data.length <= PONG_LENGTH_MAX && isPong(data.toString('utf8'))) this.#pong();
    else this.#listener.text(data, receivedAtUs);
  }

  #ping(nowMs: number): void {
    this.#unansweredAtMs.push(nowMs);
    this.send('PING');
  }

  #pong(): void {
    this.#readUpToMs = this.#unansweredAtMs.shift() ?? this.#readUpToMs;
    if (this.#drain === null) return;
    this.#drain.texts -= 1;
    if (this.#readUpToMs >= this.#drain.sinceMs) this.#leave();
  }

  /** Counts beats, and not time alone: while the process is held up, frames wait unread, and that is not silence. */
  #drainBeat(): void {
    if (this.#drain === null) return;
    const { sinceMs, texts, textsSeen } = this.#drain;
    this.#drain.silentBeats = texts === textsSeen ? this.#drain.silentBeats + 1 : 0;
    this.#drain.textsSeen = texts;
    const isOver = performance.now() - sinceMs >= this.#limits.drainTimeoutMs;
    if (isOver || this.#drain.silentBeats >= SILENT_BEATS_MAX) this.#leave();
  }

  #leave(): void {
    clearInterval(this.#drain?.timer);
    this.#endWithin(this.#limits.closeTimeoutMs);
    if (this.#socket.readyState === WebSocket.CONNECTING) this.#socket.terminate();
    else this.#socket.close(1000);
  }

  /** How much was lost by closing; 0 for a socket on which nothing arrived any more, because it was dead. */
  #unreadMs(): number {
    if (this.#drain === null || this.#drain.texts === 0 || this.#readUpToMs >= this.#drain.sinceMs) return 0;
    return Math.round(this.#drain.sinceMs - this.#readUpToMs);
  }

  #alive(): void {
    this.#silentPings = 0;
  }

  /** Counts beats, not time: a process that was held up for a minute has not read what waits in its own buffers. */
  #beat(): void {
    const driftMs = this.#clock.check();
    if (driftMs !== 0) this.#listener.clockMoved(driftMs);
    if (!this.#paused && this.#silentPings >= this.#limits.silentPingsMax) {
      const silentMs = this.#silentPings * this.#limits.pingIntervalMs;
      this.#cause ??= new VenueUnavailableError(this.#at, `nothing arrived for ${silentMs / 1_000} s, not even PONG`);
      this.#socket.terminate();
      return;
    }
    this.#silentPings += 1;
    const nowMs = performance.now();
    // A PONG that has not arrived after this much reading never will.
    const lostMs = nowMs - this.#limits.silentPingsMax * this.#limits.pingIntervalMs;
    if (!this.#paused && this.#readingSinceMs < lostMs) {
      this.#unansweredAtMs = this.#unansweredAtMs.filter((sentAtMs) => sentAtMs >= lostMs);
    }
    this.#ping(nowMs);
  }

  /** The venue answered the upgrade with an HTTP status. */
  #refused(response: IncomingMessage): void {
    const status = response.statusCode ?? 0;
    const waitMs = retryAfterMs(response.headers['retry-after'], Date.now());
    if (status === 403 || status === 451)
      this.#cause = new VenueRefusedError(this.#at, status, 'at the WebSocket upgrade');
    else if (status === 429) this.#cause = new VenueThrottledError(this.#at, waitMs);
    else if (status >= 500)
      this.#cause = new VenueUnavailableError(this.#at, `answered ${status}`, { retryAfterMs: waitMs });
    else this.#cause = new VenueAnswerError(this.#at, `answered ${status} to the WebSocket upgrade`, { status });
    response.resume();
    this.#socket.terminate();
  }

  #failed(error: Error): void {
    if ('code' in error && error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') this.#ownCode = FRAME_TOO_LARGE;
    const reason =
      this.#ownCode === FRAME_TOO_LARGE ? `a frame exceeded ${this.#limits.frameBytesMax} bytes` : networkCause(error);
    this.#cause ??= new VenueUnavailableError(this.#at, reason, { cause: error });
    // `ws` now waits for the other side to close, for up to 30 s.
    this.#endWithin(this.#limits.closeTimeoutMs);
  }

  #endWithin(timeoutMs: number): void {
    this.#closeTimer ??= setTimeout(() => this.#socket.terminate(), timeoutMs);
  }

  #close(code: number, reason: string): void {
    clearInterval(this.#heartbeat);
    clearInterval(this.#drain?.timer);
    clearTimeout(this.#closeTimer);
    const [end, unreadMs] = [this.#ownCode ?? code, this.#unreadMs()];
    this.#listener.ended({ opened: this.#opened, code: end, reason, cause: this.#cause, unreadMs });
  }
}

/** A draining socket counts as dead after this many beats without a frame; `closeTimeoutMs` has as many beats. */
const SILENT_BEATS_MAX = 4;

/** WebSocket close code: message too big. */
export const FRAME_TOO_LARGE = 1009;
