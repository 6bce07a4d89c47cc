import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

/** One socket that a session has opened. */
export class LocalConnection {
  readonly socket: WebSocket;
  readonly request: IncomingMessage;
  /** Text received, without PINGs. */
  readonly messages: string[] = [];
  pings = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(socket: WebSocket, request: IncomingMessage, answersPing: () => boolean) {
    this.socket = socket;
    this.request = request;
    // Some tests make the client break off.
    socket.on('error', () => {});
    socket.on('message', (data) => {
      const text = String(data);
      if (text === 'PING') {
        this.pings += 1;
        if (answersPing()) socket.send('PONG');
      } else this.messages.push(text);
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  /** Waits until `condition` holds; it is checked after each message. */
  async until(condition: (connection: this) => boolean): Promise<this> {
    while (!condition(this)) await new Promise<void>((wake) => this.#waiting.push(wake));
    return this;
  }

  async message(index: number): Promise<Record<string, unknown>> {
    await this.until(() => this.messages.length > index);
    return JSON.parse(this.messages[index] ?? '');
  }
}

/** A WebSocket server on loopback, on a port of its own. */
export class LocalVenue implements AsyncDisposable {
  readonly connections: LocalConnection[] = [];
  answersPing = true;
  /** The raw HTTP answer to upgrades; null accepts them. */
  refusal: string | null = null;
  refused = 0;
  readonly #sockets: WebSocketServer;
  readonly #waiting: (() => void)[] = [];

  private constructor(sockets: WebSocketServer) {
    this.#sockets = sockets;
    sockets.on('connection', (socket, request) => {
      this.connections.push(new LocalConnection(socket, request, () => this.answersPing));
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  static async start(options: { port?: number } = {}): Promise<LocalVenue> {
    const sockets = new WebSocketServer({ host: '127.0.0.1', port: options.port ?? 0, path: '/ws/market' });
    await once(sockets, 'listening');
    const venue = new LocalVenue(sockets);
    const handle = sockets.handleUpgrade.bind(sockets);
    sockets.handleUpgrade = (request, socket, head, done) => {
      if (venue.refusal === null) return handle(request, socket, head, done);
      venue.refused += 1;
      socket.end(venue.refusal);
      for (const wake of venue.#waiting.splice(0)) wake();
    };
    return venue;
  }

  get port(): number {
    return (this.#sockets.address() as { port: number }).port;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/ws/market`;
  }

  /** The connection with this number, from 0, once it exists. */
  async connection(index = 0): Promise<LocalConnection> {
    await this.until(() => this.connections.length > index);
    return this.connections[index] as LocalConnection;
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((wake) => this.#waiting.push(wake));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { socket } of this.connections) socket.terminate();
    await new Promise((closed) => this.#sockets.close(closed));
  }
}

/** Accepts TCP connections and never answers. */
export class SilentServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => {
      socket.on('error', () => {});
      this.#sockets.add(socket);
    });
  }

  static async start(): Promise<SilentServer> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new SilentServer(server);
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((closed) => this.#server.close(closed));
  }
}

/** A loopback port on which nobody listens. */
export async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await new Promise((closed) => server.close(closed));
  return port;
}
