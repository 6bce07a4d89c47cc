import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a NATS server that can fail as networks and clusters do. */
export type TcpProxy = AsyncDisposable & {
  url: string;
  /** Ends every connection. */
  cut(): void;
  /** Keeps connections open and passes nothing on any more, in either direction, also on new ones. */
  mute(): void;
  /** Ends what was muted; new connections pass. */
  unmute(): void;
  /** Where new connections lead. */
  lead(url: string): void;
  /** Loses the next messages whose protocol line matches, as a route between servers may. */
  swallow(count: number, line: RegExp): void;
  /** Passes only one message in so many milliseconds, as a slow server would. 0: as fast as they come. */
  slow(ms: number): void;
};

/** The protocol line of a message that a consumer delivers. */
export const DELIVERED = / \$JS\.ACK\./;
/** The protocol line of an acknowledgement, or of another answer. */
export const ANSWER = /MSG _INBOX\./;

/** @param port Where to listen; 0 takes a free one. */
export async function tcpProxy(url: string, port = 0): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let target = new URL(url);
  let isMuted = false;
  let slowMs = 0;
  let toSwallow = { count: 0, line: DELIVERED };
  const isSwallowed = (line: string) => {
    if (toSwallow.count === 0 || !toSwallow.line.test(line)) return false;
    toSwallow.count -= 1;
    return true;
  };
  const server = createServer((near) => {
    const far = connect(Number(target.port || 4222), target.hostname);
    const filter = messageFilter(isSwallowed);
    near.on('data', (bytes) => isMuted || far.write(bytes));
    let last = Promise.resolve();
    far.on('data', (bytes) => {
      for (const part of filter(bytes)) {
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
        other.destroy();
      });
    }
  });
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: url.replace(target.host, `127.0.0.1:${(server.address() as AddressInfo).port}`), // credentials stay
    cut,
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
    swallow(count, line) {
      toSwallow = { count, line };
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

/** Gives what a server sends, whole lines and whole messages, without the messages that `isSwallowed` picks by their line. */
function messageFilter(isSwallowed: (line: string) => boolean): (bytes: Buffer) => Buffer[] {
  let rest: Buffer = Buffer.alloc(0);
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    const passed: Buffer[] = [];
    for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
      const line = rest.toString('latin1', 0, end);
      const isMessage = line.startsWith('MSG ') || line.startsWith('HMSG ');
      const length = end + 2 + (isMessage ? Number(line.split(' ').at(-1)) + 2 : 0);
      if (rest.length < length) break;
      if (!isMessage || !isSwallowed(line)) passed.push(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
    return passed;
  };
}
