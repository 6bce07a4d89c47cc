import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a server that can fail as networks do. */
export type TcpProxy = AsyncDisposable & {
  url: string;
  /** Ends every connection. */
  cut(): void;
  /** Keeps connections open and passes nothing on any more, in either direction, also on new ones. */
  mute(): void;
  /** Ends what was muted; new connections pass. */
  unmute(): void;
};

/** @param port Where to listen; 0 takes a free one. */
export async function tcpProxy(url: string, port = 0): Promise<TcpProxy> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let isMuted = false;
  const server = createServer((near) => {
    const far = connect(Number(target.port || 4222), target.hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (bytes) => isMuted || to.write(bytes));
      from.on('error', () => {}); // a cut connection; `close` follows
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `nats://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    mute() {
      isMuted = true;
    },
    unmute() {
      isMuted = false;
      cut();
    },
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
