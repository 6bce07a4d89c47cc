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
  /** A socket that sends no PING for this long is closed, as on the venue. */
  pingTimeoutMs: number;
  /** A socket with more bytes waiting is closed and counted. */
  bufferedBytesMax: number;
  /** Called before a first book is written, so that an untouched market has one. */
  prepareBook: (market: SimMarket) => void;
  clock: () => number;
} & ChannelLimits;

/** Sockets that were ended by the venue, by reason. */
export type SocketEndings = { slow: number; silent: number; refused: number; dropped: number };

/** The market channel (WebSocket): subscriptions, heartbeats, and who listens to what. */
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
  /** Totals of the sockets that are gone. */
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

  /** Takes over an upgrade request whose path was found right. */
  accept(request: IncomingMessage, raw: Duplex, head: Buffer): void {
    if (this.#sockets.size >= SOCKETS_MAX) {
      raw.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    this.#server.handleUpgrade(request, raw, head, (webSocket) => this.#connect(webSocket, raw));
  }

  /** Sockets that are served this token, stalled ones among them. */
  listenersOfToken(token: SimToken): readonly ChannelSocket[] {
    return this.#audience.ofToken(token);
  }

  /** Sockets that are served one of the market's tokens, or both. */
  listenersOfMarket(market: SimMarket): readonly ChannelSocket[] {
    return this.#audience.ofMarket(market);
  }

  /** Markets that somebody listens to. */
  listenedMarkets(): readonly SimMarket[] {
    return this.#audience.markets();
  }

  /** Whether this token's book ever went out. */
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

  /** How many of the socket's tokens get anything. */
  servedTokens(socket: ChannelSocket): number {
    return [...socket.tokens].filter((token) => this.#audience.ofToken(token).includes(socket)).length;
  }

  /** Queues one text message for several sockets; answers how many of them will get it. */
  send(sockets: Iterable<ChannelSocket>, text: string): number {
    return this.sendFrame(sockets, textFrame(text));
  }

  /** The same for a frame that is encoded already. */
  sendFrame(sockets: Iterable<ChannelSocket>, frame: Buffer): number {
    let hearing = 0;
    for (const socket of sockets) {
      if (!socket.hears) continue;
      socket.queue(frame);
      hearing += 1;
    }
    return hearing;
  }

  /** Writes what is queued. A socket that does not keep up is closed: a server that drops frames would make the ledger false. */
  flush(): void {
    for (const socket of this.#sockets.values()) {
      if (socket.bufferedBytes > this.#options.bufferedBytesMax) this.#end(socket, 'slow');
      else socket.flush();
    }
  }

  /** Resolves when the operating system took every open socket's bytes; a client that does not read is not waited for long. */
  async written(): Promise<void> {
    this.flush();
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), WRITTEN_WITHIN_MS);
    await Promise.all(this.sockets().map((socket) => socket.written(patience.signal)));
    clearTimeout(timer);
  }

  /** Cuts sockets without a closing handshake, one by its number or all; answers how many. */
  drop(number?: number): number {
    const sockets = this.#chosen(number ?? 'all');
    for (const socket of sockets) {
      this.endings.dropped += 1;
      socket.cut();
      this.#forget(socket);
    }
    return sockets.length;
  }

  /** Sets the limits that are named, for subscriptions to come. */
  limit(limits: Partial<ChannelLimits>): ChannelLimits {
    const { booksPerSocketMax = this.#limits.booksPerSocketMax, freesUnsubscribed = this.#limits.freesUnsubscribed } =
      limits;
    this.#limits = { booksPerSocketMax, freesUnsubscribed };
    return this.#limits;
  }

  /** Swallows from now on what these sockets, and those that connect later, would be sent; answers how many are open. */
  stall({ socket, newSockets }: { socket: number | 'all' | null; newSockets: boolean | undefined }): number {
    if (newSockets !== undefined) this.#stallsNewSockets = newSockets;
    const sockets = socket === null ? [] : this.#chosen(socket);
    // What is queued already was sent before, and leaves.
    for (const stalled of sockets) stalled.stalled = true;
    return sockets.length;
  }

  /** Serves these sockets again; what was swallowed never comes. For all, that ends the stall of new ones as well. */
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
    // The library closes the socket after an error; the close is what matters.
    webSocket.on('error', () => {});
    webSocket.on('close', () => this.#forget(socket));
  }

  #receive(socket: ChannelSocket, text: string): void {
    // What it sent before it heard that it was cut.
    if (!this.#sockets.has(socket.number)) return;
    const message = readClientMessage(text);
    if (!socket.subscribed && message.kind !== 'initial') {
      // The venue closes a socket whose first message is anything else, a PING included.
      this.#refuse(socket);
    } else if (!socket.subscribed && message.kind === 'initial') {
      socket.subscribed = true;
      socket.flagged = message.flagged;
      if (this.#options.prng.chance(EMPTY_FIRST_FRAME_SHARE)) this.send([socket], '[]');
      this.#subscribe(socket, message.tokenIds, message.initialDump);
    } else if (message.kind === 'ping') {
      socket.lastPingAtMs = this.#options.clock();
      // Even when stalled: that is what makes a stall silent.
      socket.queue(PONG);
    } else if (message.kind === 'operation') {
      // The flag counts even where every token of the message is a duplicate.
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
      // Unknown and closed ones are never answered, nor are duplicates.
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
    // What it sent before it heard of the refusal.
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

/** Room for an initial subscription to 100,000 tokens. */
const CLIENT_MESSAGE_BYTES_MAX = 16 * 1024 * 1024;
/** Sockets at a time; more are answered with 503. */
const SOCKETS_MAX = 5_000;
/** Patience with sockets that hold back the end of trading. */
const WRITTEN_WITHIN_MS = 10_000;
const EMPTY_FIRST_FRAME_SHARE = 0.25;
const PONG = textFrame('PONG');
