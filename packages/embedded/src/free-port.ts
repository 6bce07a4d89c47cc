import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { EmbeddedServerError } from './errors.ts';

/**
 * Below the ephemeral ports of all systems (Linux from 32768, others from 49152). Otherwise a client that keeps connecting to
 * a restarting server could be assigned the server's port for its own side.
 */
const PORTS = { from: 15_000, to: 32_000 };
const ATTEMPTS = 50;

/** A TCP port on 127.0.0.1 that is currently free. Another program may take it before you do. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = await listenOnce(randomInt(PORTS.from, PORTS.to)).catch(() => null); // taken: try another
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
      `Port ${port} on 127.0.0.1, requested for ${server}, cannot be used: ${(error as Error).message}.`,
      `Stop the program that listens on port ${port}, or choose another port.`,
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
