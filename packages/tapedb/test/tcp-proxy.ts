import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Stands between a client and a server, and fails when it is told to. */
export type TcpProxy = AsyncDisposable & {
  /** The server's URL, by way of the proxy. */
  url: string;
  /** Lets these bytes through to the server once more, and then cuts the connection before it can answer. */
  cutAfter(bytes: string): void;
  /** Cuts all connections. */
  cut(): void;
  /** Reads from no client any more; the connections stay open, as those of a frozen process do. */
  freeze(): void;
};

/** @param options.port Where to listen; a free one when not given. */
export async function startProxy(serverUrl: string, options: { port?: number } = {}): Promise<TcpProxy> {
  const server = new URL(serverUrl);
  const sockets = new Set<Socket>();
  const clients = new Set<Socket>();
  let needle: string | null = null;

  const proxy = createServer((client) => {
    const upstream = connect({ host: server.hostname, port: Number(server.port || 5432) });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => {}); // The other side sees its end.
    }
    clients.add(client);
    client.on('close', () => clients.delete(client));
    upstream.pipe(client);
    upstream.on('close', () => client.destroy());
    client.on('close', () => upstream.end());
    client.on('data', (bytes) => {
      if (needle !== null && bytes.includes(needle)) {
        needle = null;
        upstream.unpipe(client);
        upstream.write(bytes, () => client.destroy());
      } else upstream.write(bytes);
    });
  });
  proxy.listen({ host: '127.0.0.1', port: options.port ?? 0 });
  await once(proxy, 'listening');

  const url = new URL(serverUrl);
  url.hostname = '127.0.0.1';
  url.port = String((proxy.address() as AddressInfo).port);
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: url.href,
    cut,
    freeze: () => {
      for (const client of clients) client.pause();
    },
    cutAfter: (bytes) => {
      needle = bytes;
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(proxy, 'close');
      proxy.close();
      cut();
      await closed;
    },
  };
}
