import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { SimToken } from '../catalogue/sim-market.ts';

/**
 * One client of the market channel.
 *
 * connected -> subscribed (its first message was valid) -> closed. Frames are collected in an outbox and written
 * together, so that a tick with a thousand frames costs one write a socket.
 */
export class ChannelSocket {
  /** Counts the sockets of this venue from 1; names the socket in the control interface. */
  readonly number: number;
  readonly webSocket: WebSocket;
  /** What it subscribed to, served or not. */
  readonly tokens = new Set<SimToken>();
  /** Places taken on this socket: what it subscribed to, and what it left where the venue frees nothing. */
  places = 0;
  readonly connectedAtMs: number;
  subscribed = false;
  /** `custom_feature_enabled`: lifecycle events and best prices are sent as well. */
  flagged = false;
  /** Silently dead: open and answering PINGs, but everything else that it would be sent is swallowed. */
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

  /** Whether what is sent to it now goes out. */
  get hears(): boolean {
    return this.open && !this.stalled;
  }

  /** Bytes that the client has not taken yet. */
  get bufferedBytes(): number {
    return this.#outboxBytes + this.#raw.writableLength;
  }

  /** Takes the bytes of one whole frame (see `textFrame`); they leave with the next `flush`. */
  queue(frame: Buffer): void {
    this.#outbox.push(frame);
    this.#outboxBytes += frame.length;
  }

  /**
   * Writes the outbox past the WebSocket library, whose own writes are whole frames too (no compression, no
   * fragments), so the two never mix within a frame.
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

  /** Ends the connection behind what was written, without a closing handshake, whether the client reads on or not. */
  cut(): void {
    this.flush();
    // Destroyed at once, frames that the ledger counts as written could be lost on this side.
    this.#raw.end();
    const patience = setTimeout(() => this.webSocket.terminate(), CUT_WITHIN_MS);
    this.#raw.once('close', () => clearTimeout(patience));
  }

  /** Resolves when the operating system has taken everything written so far, the socket is gone, or patience ends. */
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

/** A client that does not read is not waited for longer. */
const CUT_WITHIN_MS = 2_000;
