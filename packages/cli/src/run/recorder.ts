import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type EmbeddedServer,
  prepareNatsServer,
  preparePostgres,
  startNatsServer,
  startPostgres,
} from '@polytape/embedded';
import { silentLog } from '@polytape/resilience';
import { errorSentence } from '@polytape/service';
import { Database } from '@polytape/tapedb';
import { checkServices } from './check-services.ts';
import type { DataDir } from './data-dir.ts';
import { type RuntimeVenue, writeRuntimeFile } from './runtime-file.ts';
import { type ServiceLogRecord, serviceMain, startService } from './service-process.ts';
import { type RunningProcess, SupervisedProcess } from './supervised-process.ts';

export type RecorderOptions = {
  dataDir: DataDir;
  /** Subdirectory of the data directory for this recorder: `live` or `demo`. */
  area: string;
  /** Servers to use; null starts an embedded one. */
  natsUrl: string | null;
  databaseUrl: string | null;
  natsServerBin: string | null;
  ingestors: number;
  /** The simulated venue of a demo, for `runtime.json`. */
  venue: { pid: number; urls: RuntimeVenue } | null;
  /** Environment of the services, besides the addresses of the servers. */
  env: Record<string, string>;
  onLog: (record: ServiceLogRecord) => void;
  /** Receives a sentence for each set-up step and restart. */
  say: (sentence: string) => void;
  /** Cancels a start between two of its steps. */
  signal: AbortSignal;
};

/**
 * A whole recorder on one machine: embedded servers where none are named, and the services. Each is a child process that is
 * restarted when it ends.
 */
export class Recorder implements AsyncDisposable {
  readonly #o: RecorderOptions;
  /** In the order of their start. */
  readonly #processes: SupervisedProcess[] = [];
  #natsUrl = '';
  #databaseUrl = '';

  /** @throws The error of a server or service that cannot start, or the signal's reason. Whatever had started is stopped again. */
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

  /** The database, with its tables, and a sentence about where everything runs. */
  async openDatabase(): Promise<Database> {
    const { dataDir, signal, say } = this.#o;
    const url = this.#databaseUrl;
    const database = await Database.open({ url, applicationName: 'polytape', log: silentLog, signal });
    await database.migrate(); // the writer migrates too, but in a short run it may not have finished
    say(`Everything runs. The addresses are in ${dataDir.runtimeFile}; Ctrl-C stops it in order.`);
    return database;
  }

  get natsUrl(): string {
    return this.#natsUrl;
  }

  get restarts(): number {
    return this.#processes.reduce((sum, { restarts }) => sum + restarts, 0);
  }

  /** Ports of the health endpoints by service, without services that are being restarted. */
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
    // Wait for all of them, so that no service comes up after the start has failed.
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

  /** On a full disk the file stays outdated; that must not end the recording. */
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
   * Stops the ingestors and the scheduler first, then the writer, so that received trades are acknowledged before it stops.
   *
   * @returns The services that left work unfinished; their logs say what.
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

/** Fetched server programs belong to the checkout, wherever the data is. */
const CACHE_DIR = fileURLToPath(import.meta.resolve('../../../../.polytape/cache'));

/** A restarted server must listen where its clients expect it. */
function samePort(url: string): { port?: number } {
  return url === '' ? {} : { port: Number(new URL(url).port) };
}

function serverProcess(server: EmbeddedServer): RunningProcess {
  return { pid: server.pid, httpPort: null, exited: server.exited, stop: () => server.stop() };
}
