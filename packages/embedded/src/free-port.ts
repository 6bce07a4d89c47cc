import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { EmbeddedServerError } from './errors.ts';

/**
 * Below the ranges from which systems take the ports of outgoing connections (Linux from 32768, others from 49152). A
 * client that keeps calling a server while it is restarted could otherwise be given the server's port as its own.
 */
const PORTS = { from: 15_000, to: 32_000 };
const ATTEMPTS = 50;

/** A TCP port on 127.0.0.1 that nobody listens on at this moment. Another program may take it before you do. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = await listenOnce(randomInt(PORTS.from, PORTS.to)).catch(() => null); // taken: the next, please
    if (port !== null) return port;
  }
  return listenOnce(0);
}

/** @throws {EmbeddedServerError} `port-taken`: something listens on 127.0.0.1:port already. */
export async function requirePortFree(port: number, server: string): Promise<void> {
  try {
    await listenOnce(port);
  } catch (error) {
    throw new EmbeddedServerError(
      'port-taken',
      `Port ${port} on 127.0.0.1, wanted for ${server}, cannot be used: ${(error as Error).message}.`,
      `End the program that listens on port ${port}, or choose another port.`,
      { cause: error },
    );
  }
}

function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = probe.address();
      const taken = typeof address === 'object' && address !== null ? address.port : port;
      probe.close(() => resolve(taken));
    });
  });
}
