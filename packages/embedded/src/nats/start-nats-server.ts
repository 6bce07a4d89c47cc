import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import type { EmbeddedServer } from '../embedded-server.ts';
import { directoryError } from '../errors.ts';
import { freePort, requirePortFree } from '../free-port.ts';
import { waitForPredecessor } from '../predecessor.ts';
import { keptPassword, newPassword, writePrivately } from '../private-file.ts';
import { ServerProcess } from '../server-process.ts';
import type { NatsServerBinary } from './nats-server-binary.ts';

const USER = 'polytape';
const READY_MS_MAX = 30_000;
/** Another program may take a free port before the server does. */
const FREE_PORT_ATTEMPTS = 5;

/**
 * Starts nats-server with JetStream on 127.0.0.1. It stores below `dataDir` and syncs what it has
 * acknowledged every 100 ms. Its only user is `polytape` with a generated password, both part of `url`. It recovers the data of a killed server.
 *
 * @throws {EmbeddedServerError} `port-taken`, `directory`, `in-use` or `start-failed`.
 */
export async function startNatsServer(options: {
  binary: NatsServerBinary;
  /** Created if absent. Holds `nats.conf`, `password`, the streams and, without `logPath`, `nats-server.log`. */
  dataDir: string;
  /** 0, the default, picks a free one. */
  port?: number | undefined;
  logPath?: string | undefined;
}): Promise<EmbeddedServer> {
  const dataDir = resolve(options.dataDir);
  const wanted = options.port ?? 0;
  await waitForPredecessor({ server: 'nats-server', directory: dataDir, word: 'nats.conf' });
  if (wanted > 0) await requirePortFree(wanted, 'nats-server');
  for (let attempt = 1; ; attempt++) {
    const port = wanted > 0 ? wanted : await freePort();
    const name = `polytape-${randomBytes(6).toString('hex')}`;
    const password = await configure(dataDir, name, port);
    const server = await ServerProcess.start({
      name: 'nats-server',
      program: options.binary.path,
      args: ['--config', join(dataDir, 'nats.conf')],
      cwd: dataDir,
      logPath: options.logPath ?? join(dataDir, 'nats-server.log'),
      stopSignal: 'SIGTERM',
      stopMsMax: 15_000,
    });
    // It sends its greeting only after JetStream has recovered its store.
    const greets = async () => (await greeting(port)).includes(`"server_name":"${name}"`);
    const problem = await server.whenReady(greets, READY_MS_MAX);
    if (problem === null) return server.embedded(`nats://${USER}:${password}@127.0.0.1:${port}`, port);
    const error = server.failedStart(problem);
    await server.stop();
    const lostThePort = wanted === 0 && /address already in use/i.test(error.message);
    if (!lostThePort || attempt === FREE_PORT_ATTEMPTS) throw error;
  }
}

/** Writes the configuration. @returns The password, which stays the same over restarts because clients keep using it. */
async function configure(dataDir: string, name: string, port: number): Promise<string> {
  try {
    await mkdir(dataDir, { recursive: true });
    const passwordFile = join(dataDir, 'password');
    const password = (await keptPassword(passwordFile)) ?? (await newPassword(passwordFile));
    await writePrivately(join(dataDir, 'nats.conf'), configuration({ dataDir, name, port, password }));
    return password;
  } catch (error) {
    throw directoryError('nats-server', dataDir, error);
  }
}

function configuration(o: { dataDir: string; name: string; port: number; password: string }): string {
  return `# Written by polytape at each start.
server_name: ${o.name}
listen: "127.0.0.1:${o.port}"
# Trades are small, but the document of a market may be large.
max_payload: 8MB
jetstream {
  store_dir: ${JSON.stringify(o.dataDir)}
  # Publishers keep each message for twenty of these intervals after its acknowledgement. The server's default is two minutes.
  sync_interval: 100ms
}
authorization {
  user: ${USER}
  password: "${o.password}"
}
`;
}

/** The first line that the server sends, `INFO {...}`; empty if there is no answer. */
function greeting(port: number): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ host: '127.0.0.1', port });
    socket.setTimeout(1_000, () => socket.destroy());
    socket.setEncoding('utf8');
    socket.on('data', (part: string) => {
      text += part;
      if (text.includes('\n')) socket.destroy();
    });
    socket.on('error', () => {}); // `close` follows
    socket.on('close', () => resolve(text));
  });
}
