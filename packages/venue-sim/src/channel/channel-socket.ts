import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { SimToken } from '../catalogue/sim-market.ts';

/**
 * A client of the market channel.
 *
 * connected -> subscribed (its first message was valid) -> closed. Frames are collected in an outbox and written together, so
 * that a tick with a thousand frames costs one write per socket.
 */
export class ChannelSocket {
  /** Number of the socket from 1; identifies it in the control interface. */
  readonly number: number;
  readonly webSocket: WebSocket;
  /** Subscribed tokens, whether served or not. */
  readonly tokens = new Set<SimToken>();
  /** Occupied places: subscribed tokens, and unsubscribed ones if the venue does not free places. */
  places = 0;
  readonly connectedAtMs: number;
  subscribed = false;
  /** `custom_feature_enabled`: also receives lifecycle events and best prices. */
  flagged = false;
  /** Stalled silently: it stays open and answers PINGs, but everything else sent to it is discarded. */
  stalled = false;
  lastPingAtMs: number;
  framesSent = 0;
  bytesSent = 0;
  readonly #raw: Duplex;
  #outbox: Buffer[] = [];
  #outboxBytes = 0;

  constructor({ number, webSocket, raw, nowMs }: { number: number; webSocket: WebSocket; raw: Duplex; nowMs: number }) {
    this.number = number;
    this.webSocket = webSocket;
    this.#raw = raw;
    this.connectedAtMs = nowMs;
    this.lastPingAtMs = nowMs;
  }

  get open(): boolean {
    return this.webSocket.readyState === WebSocket.OPEN;
  }

  /** Whether frames sent to it now go out. */
  get hears(): boolean {
    return this.open && !this.stalled;
  }

  /** Bytes that the client has not read yet. */
  get bufferedBytes(): number {
    return this.#outboxBytes + this.#raw.writableLength;
  }

  /** Queues the bytes of one whole frame (see `textFrame`) for the next `flush`. */
  queue(frame: Buffer): void {
    this.#outbox.push(frame);
    this.#outboxBytes += frame.length;
  }

  /**
   * Writes the outbox, bypassing the WebSocket library. The library also writes whole frames (no compression, no fragments), so
   * frames never interleave.
   */
  flush(): void {
    if (this.#outbox.length === 0) return;
    if (this.open) {
      this.#raw.write(this.#outbox.length === 1 ? this.#outbox[0] : Buffer.concat(this.#outbox, this.#outboxBytes));
      this.framesSent += this.#outbox.length;
      this.bytesSent += this.#outboxBytes;
    }
    this.#outbox = [];
    this.#outboxBytes = 0;
  }

  /** Ends the connection after the written data, without a closing handshake, even if the client does not read. */
  cut(): void {
    this.flush();
    // Destroying it at once could lose frames on this side that the ledger counts as written.
    this.#raw.end();
    const patience = setTimeout(() => this.webSocket.terminate(), CUT_WITHIN_MS);
    this.#raw.once('close', () => clearTimeout(patience));
  }

  /** Resolves when the operating system has accepted all written data, the socket has closed, or `patience` aborts. */
  async written(patience: AbortSignal): Promise<void> {
    if (!this.open || this.#raw.writableLength === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const done = (): void => resolve();
    this.#raw.once('close', done);
    patience.addEventListener('abort', done);
    this.#raw.write(Buffer.alloc(0), done);
    await promise;
    this.#raw.off('close', done);
    patience.removeEventListener('abort', done);
  }
}

/** Time limit for a client that does not read. */
const CUT_WITHIN_MS = 2_000;
