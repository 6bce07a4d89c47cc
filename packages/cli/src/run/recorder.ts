import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type EmbeddedServer,
  prepareNatsServer,
  preparePostgres,
  startNatsServer,
  startPostgres,
} from '@polytape/embedded';
import { errorSentence } from '@polytape/service';
import { checkServices } from './check-services.ts';
import type { DataDir } from './data-dir.ts';
import { type RuntimeVenue, writeRuntimeFile } from './runtime-file.ts';
import { type ServiceLogRecord, serviceMain, startService } from './service-process.ts';
import { type RunningProcess, SupervisedProcess } from './supervised-process.ts';

export type RecorderOptions = {
  dataDir: DataDir;
  /** `live` or `demo`: the part of the data directory that holds this recorder's data. */
  area: string;
  /** Servers that are given; what is null is embedded. */
  natsUrl: string | null;
  databaseUrl: string | null;
  natsServerBin: string | null;
  ingestors: number;
  /** The simulated venue that it records, where it is one of ours: for `runtime.json`. */
  venue: { pid: number; urls: RuntimeVenue } | null;
  /** Environment of the services beyond the addresses of the servers. */
  env: Record<string, string>;
  onLog: (record: ServiceLogRecord) => void;
  /** Set-up steps and restarts, in sentences for a person. */
  say: (sentence: string) => void;
  /** Ends a start between two of its steps. */
  signal: AbortSignal;
};

/**
 * A whole recorder on one machine: the servers that are not given, and the services, each a child process that is
 * started again when it ends.
 */
export class Recorder implements AsyncDisposable {
  readonly #o: RecorderOptions;
  /** In the order of their start; stopped the other way round. */
  readonly #processes: SupervisedProcess[] = [];
  #natsUrl = '';
  #databaseUrl = '';

  /** @throws What keeps a server or a service from starting, or the signal's reason; what had been started is stopped again. */
  static async start(options: RecorderOptions): Promise<Recorder> {
    const recorder = new Recorder(options);
    try {
      const { env, natsUrl, databaseUrl } = options;
      await checkServices({ ...env, ...ON_LOOPBACK, NATS_URL: natsUrl ?? '', DATABASE_URL: databaseUrl ?? '' });
      options.signal.throwIfAborted();
      await recorder.#startServers();
      options.signal.throwIfAborted();
      await recorder.#startServices();
      options.signal.throwIfAborted();
      return recorder;
    } catch (error) {
      await recorder[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(options: RecorderOptions) {
    this.#o = options;
  }

  get databaseUrl(): string {
    return this.#databaseUrl;
  }

  get natsUrl(): string {
    return this.#natsUrl;
  }

  get restarts(): number {
    return this.#processes.reduce((sum, { restarts }) => sum + restarts, 0);
  }

  /** Health endpoints by service; a service that is being started again is missing. */
  get httpPorts(): ReadonlyMap<string, number> {
    const ports = this.#processes.map(({ name, process }) => [name, process?.httpPort ?? null] as const);
    return new Map(ports.filter((entry): entry is [string, number] => entry[1] !== null));
  }

  async #startServers(): Promise<void> {
    const { natsUrl, databaseUrl, natsServerBin, dataDir, area, say } = this.#o;
    const cacheDir = CACHE_DIR;
    const logs = dataDir.directory(area, 'logs');
    const [nats, postgres] = await Promise.all([
      natsUrl === null ? prepareNatsServer({ cacheDir, progress: say, binary: natsServerBin ?? undefined }) : null,
      databaseUrl === null ? preparePostgres({ cacheDir, progress: say }) : null,
    ]);
    this.#o.signal.throwIfAborted();
    this.#natsUrl = natsUrl ?? '';
    this.#databaseUrl = databaseUrl ?? '';
    if (nats !== null) {
      say(`Starting nats-server ${nats.version}.`);
      await this.#add('nats', async () => {
        const options = { binary: nats, dataDir: dataDir.directory(area, 'nats'), logPath: join(logs, 'nats.log') };
        const server = await startNatsServer({ ...options, ...samePort(this.#natsUrl) });
        this.#natsUrl = server.url;
        return serverProcess(server);
      });
    }
    if (postgres !== null) {
      say(
        `Starting PostgreSQL ${postgres.version} ${postgres.timescale === null ? 'without TimescaleDB' : 'with TimescaleDB'}.`,
      );
      await this.#add('postgres', async () => {
        const options = {
          binaries: postgres,
          dataDir: dataDir.directory(area, 'postgres'),
          logPath: join(logs, 'postgres.log'),
        };
        const server = await startPostgres({ ...options, ...samePort(this.#databaseUrl) });
        this.#databaseUrl = server.url;
        return serverProcess(server);
      });
    }
  }

  async #startServices(): Promise<void> {
    const names = [
      'writer-1',
      'scheduler-1',
      ...Array.from({ length: this.#o.ingestors }, (_, i) => `ws-ingestor-${i + 1}`),
    ];
    this.#o.say(`Starting ${names.length} services.`);
    // All of them are awaited, so that none comes up behind the back of a start that has failed.
    const starts = await Promise.allSettled(names.map((name) => this.#add(name, () => this.#launchService(name))));
    const failed = starts.find((start) => start.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async #add(name: string, launch: () => Promise<RunningProcess>): Promise<void> {
    const process = new SupervisedProcess({ name, launch, onChange: () => this.#publishRuntime(), say: this.#o.say });
    await process.start();
    this.#processes.push(process);
    this.#publishRuntime();
  }

  #launchService(name: string): Promise<RunningProcess> {
    const { dataDir, area, env, onLog } = this.#o;
    return startService({
      name,
      main: serviceMain(name.replace(/-\d+$/, '')),
      env: { ...env, ...ON_LOOPBACK, NATS_URL: this.#natsUrl, DATABASE_URL: this.#databaseUrl },
      logPath: join(dataDir.directory(area, 'logs'), `${name}.log`),
      onLog,
    });
  }

  /** Whoever reads the file reads an older one when the disk is full; that must not end the recording. */
  #publishRuntime(): void {
    const { venue, dataDir } = this.#o;
    const pids: Record<string, number> = { polytape: process.pid };
    for (const { name, process: running } of this.#processes) if (running !== null) pids[name] = running.pid;
    if (venue !== null) pids['venue-sim'] = venue.pid;
    const http = Object.fromEntries(this.httpPorts);
    try {
      writeRuntimeFile(dataDir.runtimeFile, {
        natsUrl: this.#natsUrl,
        databaseUrl: this.#databaseUrl,
        pids,
        http,
        ...(venue === null ? {} : { venue: venue.urls }),
      });
    } catch (error) {
      this.#o.say(`runtime.json could not be written: ${errorSentence(error)}.`);
    }
  }

  /**
   * Stops the services, those that receive before those that write: what was received is acknowledged, then written.
   *
   * @returns The services that ended with something unfinished; their logs say what.
   */
  async stopServices(): Promise<string[]> {
    const services = this.#processes.filter(({ name }) => !SERVERS.includes(name));
    const isWriter = ({ name }: SupervisedProcess) => name.startsWith('writer-');
    await Promise.all(services.filter((process) => !isWriter(process)).map((process) => process.stop()));
    await Promise.all(services.filter(isWriter).map((process) => process.stop()));
    return services.filter(({ endedInOrder }) => !endedInOrder).map(({ name }) => name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopServices();
    await Promise.all(this.#processes.map((process) => process.stop()));
  }
}

const SERVERS = ['nats', 'postgres'];
const ON_LOOPBACK = { HTTP_HOST: '127.0.0.1', HTTP_PORT: '0' };

/** Servers that were fetched: they belong to the checkout, whatever directory the data is in. */
const CACHE_DIR = fileURLToPath(import.meta.resolve('../../../../.polytape/cache'));

/** A server that is started again must be where its clients look for it. */
function samePort(url: string): { port?: number } {
  return url === '' ? {} : { port: Number(new URL(url).port) };
}

function serverProcess(server: EmbeddedServer): RunningProcess {
  return { pid: server.pid, httpPort: null, exited: server.exited, stop: () => server.stop() };
}
