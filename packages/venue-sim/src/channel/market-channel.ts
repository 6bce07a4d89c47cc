import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { MarketRegistry } from '../catalogue/market-registry.ts';
import type { SimMarket, SimToken } from '../catalogue/sim-market.ts';
import type { Prng } from '../exchange/prng.ts';
import { ChannelAudience } from './channel-audience.ts';
import type { ChannelLimits } from './channel-limits.ts';
import { ChannelSocket } from './channel-socket.ts';
import { bookTimestamp, subscribeBookEvent } from './market-frames.ts';
import { readClientMessage } from './subscription-message.ts';
import { textFrame } from './ws-frame.ts';

export type MarketChannelOptions = {
  registry: MarketRegistry;
  prng: Prng;
  /** A socket without a PING for this long is closed, as on the live venue. */
  pingTimeoutMs: number;
  /** A socket with more unread bytes is closed and counted. */
  bufferedBytesMax: number;
  /** Called before a first book is sent, to create the initial book of an untouched market. */
  prepareBook: (market: SimMarket) => void;
  clock: () => number;
} & ChannelLimits;

/** Number of sockets closed by the venue, by reason. */
export type SocketEndings = { slow: number; silent: number; refused: number; dropped: number };

/** The market channel (WebSocket): subscriptions, heartbeats and listeners. */
export class MarketChannel implements AsyncDisposable {
  readonly endings: SocketEndings = { slow: 0, silent: 0, refused: 0, dropped: 0 };
  readonly #options: MarketChannelOptions;
  readonly #server: WebSocketServer;
  readonly #sockets = new Map<number, ChannelSocket>();
  readonly #audience = new ChannelAudience();
  readonly #tokensSent = new WeakSet<SimToken>();
  readonly #heartbeat: NodeJS.Timeout;
  #limits: ChannelLimits;
  #stallsNewSockets = false;
  #connected = 0;
  /** Totals of the closed sockets. */
  #framesSent = 0;
  #bytesSent = 0;

  constructor(options: MarketChannelOptions) {
    this.#options = options;
    this.#limits = options;
    this.#server = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      maxPayload: CLIENT_MESSAGE_BYTES_MAX,
      clientTracking: false,
    });
    this.#heartbeat = setInterval(() => this.#closeSilent(), Math.max(20, Math.min(1_000, options.pingTimeoutMs / 4)));
  }

  /** Accepts an upgrade request with the right path. */
  accept(request: IncomingMessage, raw: Duplex, head: Buffer): void {
    if (this.#sockets.size >= SOCKETS_MAX) {
      raw.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    this.#server.handleUpgrade(request, raw, head, (webSocket) => this.#connect(webSocket, raw));
  }

  /** Sockets that are served this token, including stalled ones. */
  listenersOfToken(token: SimToken): readonly ChannelSocket[] {
    return this.#audience.ofToken(token);
  }

  /** Sockets that are served at least one of the market's tokens. */
  listenersOfMarket(market: SimMarket): readonly ChannelSocket[] {
    return this.#audience.ofMarket(market);
  }

  /** Markets with listeners. */
  listenedMarkets(): readonly SimMarket[] {
    return this.#audience.markets();
  }

  /** Whether this token's book was ever sent. */
  wasSent(token: SimToken): boolean {
    return this.#tokensSent.has(token);
  }

  sockets(): ChannelSocket[] {
    return [...this.#sockets.values()];
  }

  totals(): { framesSent: number; bytesSent: number; connected: number } {
    let framesSent = this.#framesSent;
    let bytesSent = this.#bytesSent;
    for (const socket of this.#sockets.values()) {
      framesSent += socket.framesSent;
      bytesSent += socket.bytesSent;
    }
    return { framesSent, bytesSent, connected: this.#connected };
  }

  /** Number of the socket's tokens that are served. */
  servedTokens(socket: ChannelSocket): number {
    return [...socket.tokens].filter((token) => this.#audience.ofToken(token).includes(socket)).length;
  }

  /** Queues a text message for several sockets. Returns the number of those that will get it. */
  send(sockets: Iterable<ChannelSocket>, text: string): number {
    return this.sendFrame(sockets, textFrame(text));
  }

  /** Does the same with an encoded frame. */
  sendFrame(sockets: Iterable<ChannelSocket>, frame: Buffer): number {
    let hearing = 0;
    for (const socket of sockets) {
      if (!socket.hears) continue;
      socket.queue(frame);
      hearing += 1;
    }
    return hearing;
  }

  /** Writes all queued frames. A socket that cannot keep up is closed: dropping frames would falsify the ledger. */
  flush(): void {
    for (const socket of this.#sockets.values()) {
      if (socket.bufferedBytes > this.#options.bufferedBytesMax) this.#end(socket, 'slow');
      else socket.flush();
    }
  }

  /** Resolves when the operating system has accepted the data of every open socket, except those that do not read in time. */
  async written(): Promise<void> {
    this.flush();
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), WRITTEN_WITHIN_MS);
    await Promise.all(this.sockets().map((socket) => socket.written(patience.signal)));
    clearTimeout(timer);
  }

  /** Cuts one socket or all of them without a closing handshake. Returns their number. */
  drop(number?: number): number {
    const sockets = this.#chosen(number ?? 'all');
    for (const socket of sockets) {
      this.endings.dropped += 1;
      socket.cut();
      this.#forget(socket);
    }
    return sockets.length;
  }

  /** Sets these limits for future subscriptions. */
  limit(limits: Partial<ChannelLimits>): ChannelLimits {
    const { booksPerSocketMax = this.#limits.booksPerSocketMax, freesUnsubscribed = this.#limits.freesUnsubscribed } =
      limits;
    this.#limits = { booksPerSocketMax, freesUnsubscribed };
    return this.#limits;
  }

  /** Discards everything sent to these sockets, and to new ones, from now on. Returns the number of stalled open sockets. */
  stall({ socket, newSockets }: { socket: number | 'all' | null; newSockets: boolean | undefined }): number {
    if (newSockets !== undefined) this.#stallsNewSockets = newSockets;
    const sockets = socket === null ? [] : this.#chosen(socket);
    // Frames already queued were sent before the stall, and go out.
    for (const stalled of sockets) stalled.stalled = true;
    return sockets.length;
  }

  /** Serves these sockets again; discarded frames are not sent later. `all` also ends the stall of new sockets. */
  unstall(socket: number | 'all'): number {
    if (socket === 'all') this.#stallsNewSockets = false;
    const sockets = this.#chosen(socket).filter(({ stalled }) => stalled);
    for (const stalled of sockets) stalled.stalled = false;
    return sockets.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#heartbeat);
    for (const socket of this.#sockets.values()) socket.webSocket.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #chosen(socket: number | 'all'): ChannelSocket[] {
    return this.sockets().filter(({ number }) => socket === 'all' || number === socket);
  }

  #connect(webSocket: WebSocket, raw: Duplex): void {
    this.#connected += 1;
    const socket = new ChannelSocket({ number: this.#connected, webSocket, raw, nowMs: this.#options.clock() });
    socket.stalled = this.#stallsNewSockets;
    this.#sockets.set(socket.number, socket);
    webSocket.on('message', (data, isBinary) => {
      if (!isBinary) this.#receive(socket, String(data));
      else this.#refuse(socket);
    });
    // The library closes the socket after an error, which is handled below.
    webSocket.on('error', () => {});
    webSocket.on('close', () => this.#forget(socket));
  }

  #receive(socket: ChannelSocket, text: string): void {
    // It was sent before the client noticed that it was cut.
    if (!this.#sockets.has(socket.number)) return;
    const message = readClientMessage(text);
    if (!socket.subscribed && message.kind !== 'initial') {
      // The venue closes a socket whose first message is anything else, even a PING.
      this.#refuse(socket);
    } else if (!socket.subscribed && message.kind === 'initial') {
      socket.subscribed = true;
      socket.flagged = message.flagged;
      if (this.#options.prng.chance(EMPTY_FIRST_FRAME_SHARE)) this.send([socket], '[]');
      this.#subscribe(socket, message.tokenIds, message.initialDump);
    } else if (message.kind === 'ping') {
      socket.lastPingAtMs = this.#options.clock();
      // Even when stalled, so that the stall is silent.
      socket.queue(PONG);
    } else if (message.kind === 'operation') {
      // The flag counts even if every token of the message is a duplicate.
      if (message.flagged) socket.flagged = true;
      if (message.operation === 'subscribe') this.#subscribe(socket, message.tokenIds, true);
      else for (const tokenId of message.tokenIds) this.#unsubscribe(socket, tokenId);
    } else {
      this.send([socket], 'INVALID OPERATION');
    }
    socket.flush();
  }

  #subscribe(socket: ChannelSocket, tokenIds: readonly string[], dump: boolean): void {
    const books: string[] = [];
    for (const tokenId of tokenIds) {
      const token = this.#options.registry.token(tokenId);
      // Unknown, closed and duplicate tokens get no answer.
      if (token === undefined || token.market.closed !== null || socket.tokens.has(token)) continue;
      socket.tokens.add(token);
      socket.places += 1;
      if (socket.places > (this.#limits.booksPerSocketMax ?? Number.POSITIVE_INFINITY)) continue;
      this.#audience.add(token, socket);
      if (!dump || !socket.hears) continue;
      this.#options.prepareBook(token.market);
      books.push(subscribeBookEvent(token, bookTimestamp(token.market)));
      this.#tokensSent.add(token);
    }
    if (books.length > 0) this.send([socket], `[${books.join(',')}]`);
  }

  #unsubscribe(socket: ChannelSocket, tokenId: string): void {
    const token = this.#options.registry.token(tokenId);
    if (token === undefined || !socket.tokens.delete(token)) return;
    if (this.#limits.freesUnsubscribed) socket.places -= 1;
    this.#audience.remove(token, socket);
  }

  #refuse(socket: ChannelSocket): void {
    // It was sent before the client noticed the refusal.
    if (!socket.open) return;
    this.endings.refused += 1;
    socket.webSocket.close(1008, 'invalid subscription payload');
  }

  #closeSilent(): void {
    const oldest = this.#options.clock() - this.#options.pingTimeoutMs;
    for (const socket of this.#sockets.values()) if (socket.lastPingAtMs < oldest) this.#end(socket, 'silent');
  }

  #end(socket: ChannelSocket, reason: keyof SocketEndings): void {
    this.endings[reason] += 1;
    this.#forget(socket);
    socket.webSocket.terminate();
  }

  #forget(socket: ChannelSocket): void {
    if (!this.#sockets.delete(socket.number)) return;
    this.#framesSent += socket.framesSent;
    this.#bytesSent += socket.bytesSent;
    for (const token of socket.tokens) this.#audience.remove(token, socket);
  }
}

/** Enough for an initial subscription to 100,000 tokens. */
const CLIENT_MESSAGE_BYTES_MAX = 16 * 1024 * 1024;
/** Maximum of open sockets; further ones get 503. */
const SOCKETS_MAX = 5_000;
/** Time limit for sockets that delay the end of trading. */
const WRITTEN_WITHIN_MS = 10_000;
const EMPTY_FIRST_FRAME_SHARE = 0.25;
const PONG = textFrame('PONG');
