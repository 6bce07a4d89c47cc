import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type NatsServerBinary,
  type Progress,
  prepareNatsServer,
  preparePostgres,
  startPostgres,
} from '@polytape/embedded';
import { dockerPostgres } from './docker-postgres.ts';
import type { Stack } from './stack.ts';

/** The PostgreSQL of the run, as a test file gets it. */
export type SharedPostgres = {
  url: string;
  /** Whether it ends with the run, with everything in it. */
  isOurs: boolean;
};

/** The source of NATS for a test file: a given server, a program to start with a directory for its data, or Docker. */
export type NatsSource = { given: string } | { binary: NatsServerBinary; directory: string } | { docker: true };

/** Requests to the broker and their answers. */
export type BrokerAnswers = { '/postgres': SharedPostgres; '/nats': NatsSource };

type Options = { stack: Stack; cacheDir: string; natsServerBinary: string | undefined; progress: Progress };

/**
 * Runs in vitest's main process and answers the workers over loopback HTTP. It starts one PostgreSQL for the whole run when
 * the first test asks for it, and removes the directory of all data when the run ends.
 *
 * Rejected: starting PostgreSQL in the global setup, because then every unit test would wait for it.
 */
export class ServerBroker implements AsyncDisposable {
  /** Contains a secret, because the answers give access to the database. */
  readonly url: string;
  readonly #server: Server;
  readonly #options: Options;
  readonly #resources = new AsyncDisposableStack();
  #directory: Promise<string> | undefined;
  #postgres: Promise<SharedPostgres> | undefined;
  #nats: Promise<NatsSource> | undefined;

  static async open(options: Options): Promise<ServerBroker> {
    const server = createServer();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
    await promise;
    return new ServerBroker(server, options);
  }

  private constructor(server: Server, options: Options) {
    this.#server = server;
    this.#options = options;
    const prefix = `/${randomBytes(16).toString('hex')}`;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}`;
    server.on('request', async (request, response) => {
      try {
        const path = request.url ?? '';
        const answer = await this.#answer(path.startsWith(prefix) ? path.slice(prefix.length) : '');
        response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
      } catch (error) {
        response.writeHead(500).end(sentence(error));
      }
    });
  }

  async #answer(path: string): Promise<SharedPostgres | NatsSource> {
    if (path === '/postgres') {
      this.#postgres ??= this.#startPostgres();
      return this.#postgres;
    }
    if (path === '/nats') {
      this.#nats ??= this.#natsSource();
      return this.#nats;
    }
    throw new TypeError('The server broker does not know this request.');
  }

  async #startPostgres(): Promise<SharedPostgres> {
    const { stack, cacheDir, progress } = this.#options;
    if (stack.databaseUrl !== null) return { url: stack.databaseUrl, isOurs: false };
    if (stack.start === 'docker') return { url: this.#resources.use(await dockerPostgres(UNSYNCED)).url, isOurs: true };
    const binaries = await preparePostgres({ cacheDir, progress });
    const dataDir = join(await this.#runDirectory(), 'postgres');
    const server = await startPostgres({ binaries, dataDir, settings: UNSYNCED });
    return { url: this.#resources.use(server).url, isOurs: true };
  }

  async #natsSource(): Promise<NatsSource> {
    const { stack, cacheDir, progress, natsServerBinary } = this.#options;
    if (stack.natsUrl !== null) return { given: stack.natsUrl };
    if (stack.start === 'docker') return { docker: true };
    const binary = await prepareNatsServer({ cacheDir, progress, binary: natsServerBinary });
    return { binary, directory: await this.#runDirectory() };
  }

  #runDirectory(): Promise<string> {
    this.#directory ??= mkdtemp(join(tmpdir(), 'polytape-test-')).then(async (directory) => {
      await chmod(directory, 0o711); // if we are root, PostgreSQL runs as another user
      return directory;
    });
    return this.#directory;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    // Otherwise a start in progress would leave its server running.
    await Promise.allSettled([this.#postgres, this.#nats]);
    await this.#resources.disposeAsync();
    // A server whose worker was killed may still be stopping, and writing.
    if (this.#directory) await rm(await this.#directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The data need not survive a crash of the machine, and creating a database takes a tenth of the time. */
const UNSYNCED = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' };

function sentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { operatorAction } = error as { operatorAction?: unknown };
  return typeof operatorAction === 'string' ? `${error.message} ${operatorAction}` : error.message;
}
