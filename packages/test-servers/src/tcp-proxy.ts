import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A TCP proxy that fails like networks, frozen processes and clusters. */
export type TcpProxy = AsyncDisposable & {
  /** The server's URL with the proxy's address and the same credentials. */
  url: string;
  /** Closes every connection. */
  cut(): void;
  /** Forwards the next chunk that contains these bytes to the server, and closes that connection before the server can answer. */
  cutAfter(bytes: string): void;
  /** Forwards nothing in either direction, neither bytes nor the end of a connection. New connections stay open, too. */
  mute(): void;
  /** Closes the muted connections and forwards new ones. */
  unmute(): void;
  /** Forwards new connections to this server. */
  lead(url: string): void;
  /** Drops the next `count` parts from the server with a matching beginning. */
  swallow(count: number, beginning: RegExp): void;
  /** Forwards one part from the server every `ms` milliseconds; 0 forwards them without delay. */
  slow(ms: number): void;
};

/**
 * @param o.port Port to listen on; by default a free one.
 * @param o.partsOf Makes, for each connection, the function that splits the server's bytes into parts. By default each chunk is
 *   a part.
 */
export async function tcpProxy(
  serverUrl: string,
  o: { port?: number; partsOf?: () => (bytes: Buffer) => Buffer[] } = {},
): Promise<TcpProxy> {
  const { port = 0, partsOf = () => (bytes: Buffer) => [bytes] } = o;
  const sockets = new Set<Socket>();
  let target = new URL(serverUrl);
  let isMuted = false;
  let slowMs = 0;
  let toSwallow = { count: 0, beginning: /^/ };
  let lastBytes: string | null = null;

  const isSwallowed = (part: Buffer) => {
    if (toSwallow.count === 0 || !toSwallow.beginning.test(part.toString('latin1', 0, BEGINNING_BYTES))) return false;
    toSwallow.count -= 1;
    return true;
  };
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    near.on('data', (bytes) => {
      if (isMuted) return;
      if (lastBytes !== null && bytes.includes(lastBytes)) {
        lastBytes = null;
        far.removeAllListeners('data').resume();
        far.write(bytes, () => near.destroy());
      } else far.write(bytes);
    });
    const parts = partsOf();
    let last = Promise.resolve();
    far.on('data', (bytes) => {
      for (const part of parts(bytes).filter((part) => !isSwallowed(part))) {
        if (slowMs > 0) last = last.then(() => new Promise((resolve) => setTimeout(resolve, slowMs)));
        last = last.then(() => {
          if (!isMuted && !near.destroyed) near.write(part);
        });
      }
    });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('error', () => {}); // a cut connection; `close` follows
      one.on('close', () => {
        sockets.delete(one);
        if (isMuted) return;
        // The server still receives what was written to it, as `cutAfter` promises.
        if (other === far) far.destroySoon();
        else other.destroy();
      });
    }
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');

  const url = new URL(serverUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: url.href,
    cut,
    cutAfter(bytes) {
      lastBytes = bytes;
    },
    mute() {
      isMuted = true;
    },
    unmute() {
      isMuted = false;
      cut();
    },
    lead(other) {
      target = new URL(other);
    },
    swallow(count, beginning) {
      toSwallow = { count, beginning };
    },
    slow(ms) {
      slowMs = ms;
    },
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Enough for the protocol line of any message. */
const BEGINNING_BYTES = 1_024;
