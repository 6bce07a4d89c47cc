import { WebSocket } from 'ws';

/** A parsed event of the market channel. */
export type AnyEvent = Record<string, unknown> & { event_type?: string };

/** A plain client of the market channel that keeps everything it receives. It sends PING only on request. */
export class ChannelClient implements AsyncDisposable {
  /** The received text frames, including `PONG`. */
  readonly frames: string[] = [];
  readonly binaryFrames: Buffer[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly #socket: WebSocket;
  #waiting: (() => void)[] = [];

  static async connect(url: string): Promise<ChannelClient> {
    const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: 64 * 1024 * 1024 });
    const client = new ChannelClient(socket);
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return client;
  }

  /** Connects and subscribes; resolves after receiving a book of each token. */
  static async subscribed(url: string, tokenIds: readonly string[], fields: object = {}): Promise<ChannelClient> {
    const client = await ChannelClient.connect(url);
    client.send({ assets_ids: tokenIds, type: 'market', initial_dump: true, ...fields });
    await client.until(() => client.events('book').length >= tokenIds.length);
    return client;
  }

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) =>
      socket.once('close', (code, reason) => {
        resolve({ code, reason: String(reason) });
        this.#wake();
      }),
    );
    socket.on('error', () => {});
    socket.on('message', (data, isBinary) => {
      if (isBinary) this.binaryFrames.push(data as Buffer);
      else this.frames.push(String(data));
      this.#wake();
    });
  }

  send(message: object | string): void {
    this.#socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** Stops reading, so that unread bytes accumulate at the server. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** All events so far, from single frames and arrays. */
  events(type?: string): AnyEvent[] {
    const events = this.frames.filter((frame) => frame.startsWith('{') || frame.startsWith('[')).flatMap(parse);
    return type === undefined ? events : events.filter((event) => event.event_type === type);
  }

  /** Resolves when the condition holds; checks it after each frame. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.#socket.readyState > WebSocket.OPEN) throw new Error('the socket closed before the condition held');
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Resolves after reading everything the server has written. Frames keep their order, so the PONG comes after them. */
  async caughtUp(): Promise<void> {
    const pongs = this.frames.filter((frame) => frame === 'PONG').length;
    this.send('PING');
    await this.until(() => this.frames.filter((frame) => frame === 'PONG').length > pongs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.terminate();
    await this.closed;
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

function parse(frame: string): AnyEvent[] {
  const value: unknown = JSON.parse(frame);
  return (Array.isArray(value) ? value : [value]) as AnyEvent[];
}
