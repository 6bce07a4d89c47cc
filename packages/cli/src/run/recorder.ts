import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type EmbeddedServer,
  type NatsServerBinary,
  type PostgresBinaries,
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
  /** Directory for CPU profiles of the services, which they write when they stop; null writes none. */
  cpuProfDir: string | null;
  /** The simulated venue of a demo, which starts beside the servers; null for the venue that the environment names. */
  venue: Promise<RecordedVenue> | null;
  /** Environment of the services, besides the addresses of the servers and the venue. */
  env: Record<string, string>;
  onLog: (record: ServiceLogRecord) => void;
  /** Receives a sentence for each set-up step and restart. */
  say: (sentence: string) => void;
  /** Cancels a start between two of its steps. */
  signal: AbortSignal;
};

/** Its process and addresses, for `runtime.json`, and the environment that points services to it. */
type RecordedVenue = { process: { pid: number }; urls: RuntimeVenue; env: Record<string, string> };

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
  #venue: RecordedVenue | null = null;
  #database: Database | null = null;

  /** @throws The error of a server or service that cannot start, or the signal's reason. Whatever had started is stopped again. */
  static async start(options: RecorderOptions): Promise<Recorder> {
    const recorder = new Recorder(options);
    try {
      await recorder.#start();
      options.say(`Everything runs. The addresses are in ${options.dataDir.runtimeFile}; Ctrl-C stops it in order.`);
      return recorder;
    } catch (error) {
      await recorder[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(options: RecorderOptions) {
    this.#o = options;
  }

  /** The database, with its tables. The recorder closes it. */
  get database(): Database {
    if (this.#database === null) throw new Error('the recorder has not started');
    return this.#database;
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

  /**
   * Starts each part as soon as what it needs is there: the scheduler reads the markets while PostgreSQL creates its files,
   * and the tables are created while the writer loads. This takes a third off the time to the first trade.
   */
  async #start(): Promise<void> {
    const { venue, ingestors } = this.#o;
    const fleet = Array.from({ length: ingestors }, (_, i) => `ws-ingestor-${i + 1}`);
    const binaries = this.#prepareServers();
    const nats = binaries.then((found) => this.#startNats(found.nats));
    const postgres = binaries.then((found) => this.#startPostgres(found.postgres));
    const pointed = Promise.resolve(venue).then((found) => {
      this.#venue = found;
    });
    const scheduler = Promise.all([nats, pointed]).then(() => this.#startService('scheduler-1'));
    const tables = postgres.then(() => this.#openDatabase());
    const writer = Promise.all([nats, postgres]).then(() => this.#startService('writer-1'));
    // Not before the tables: its trades would only wait for the writer.
    const recording = Promise.all([nats, pointed, tables]).then(() => {
      this.#o.say(`Starting ${fleet.length + 2} services.`);
      return Promise.all(fleet.map((name) => this.#startService(name)));
    });
    // Wait for all, so that nothing comes up after the start has failed. Causes are listed before what they prevent.
    const starts = await Promise.allSettled([binaries, pointed, nats, postgres, tables, scheduler, writer, recording]);
    const failed = starts.find((start) => start.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    this.#o.signal.throwIfAborted();
  }

  /** Finds or fetches the servers' programs, and lets the services check their settings meanwhile. */
  async #prepareServers(): Promise<{ nats: NatsServerBinary | null; postgres: PostgresBinaries | null }> {
    const { natsUrl, databaseUrl, natsServerBin, env, say } = this.#o;
    this.#natsUrl = natsUrl ?? '';
    this.#databaseUrl = databaseUrl ?? '';
    const cacheDir = CACHE_DIR;
    const [, nats, postgres] = await Promise.all([
      checkServices({ ...env, ...ON_LOOPBACK, NATS_URL: this.#natsUrl, DATABASE_URL: this.#databaseUrl }),
      natsUrl === null ? prepareNatsServer({ cacheDir, progress: say, binary: natsServerBin ?? undefined }) : null,
      databaseUrl === null ? preparePostgres({ cacheDir, progress: say }) : null,
    ]);
    return { nats, postgres };
  }

  async #startNats(binary: NatsServerBinary | null): Promise<void> {
    if (binary === null) return;
    const { dataDir, area, say } = this.#o;
    const options = { binary, dataDir: dataDir.directory(area, 'nats'), logPath: this.#logPath('nats') };
    say(`Starting nats-server ${binary.version}.`);
    await this.#add('nats', async () => {
      const server = await startNatsServer({ ...options, ...samePort(this.#natsUrl) });
      this.#natsUrl = server.url;
      return serverProcess(server);
    });
  }

  async #startPostgres(binaries: PostgresBinaries | null): Promise<void> {
    if (binaries === null) return;
    const { dataDir, area, say } = this.#o;
    const options = { binaries, dataDir: dataDir.directory(area, 'postgres'), logPath: this.#logPath('postgres') };
    const extension = binaries.timescale === null ? 'without TimescaleDB' : 'with TimescaleDB';
    say(`Starting PostgreSQL ${binaries.version} ${extension}.`);
    await this.#add('postgres', async () => {
      const server = await startPostgres({ ...options, ...samePort(this.#databaseUrl) });
      this.#databaseUrl = server.url;
      return serverProcess(server);
    });
  }

  /** Creates the tables, as the writer would once it has loaded. */
  async #openDatabase(): Promise<void> {
    const options = { url: this.#databaseUrl, log: silentLog, signal: this.#o.signal };
    this.#database = await Database.open({ ...options, applicationName: 'polytape' });
    await this.#database.migrate();
  }

  async #startService(name: string): Promise<void> {
    await this.#add(name, () => {
      const addresses = { NATS_URL: this.#natsUrl, DATABASE_URL: this.#databaseUrl };
      return startService({
        name,
        main: serviceMain(name.replace(/-\d+$/, '')),
        cpuProfDir: this.#o.cpuProfDir,
        env: { ...this.#o.env, ...this.#venue?.env, ...ON_LOOPBACK, ...addresses },
        logPath: this.#logPath(name),
        onLog: this.#o.onLog,
      });
    });
  }

  #logPath(name: string): string {
    return join(this.#o.dataDir.directory(this.#o.area, 'logs'), `${name}.log`);
  }

  async #add(name: string, launch: () => Promise<RunningProcess>): Promise<void> {
    this.#o.signal.throwIfAborted();
    const process = new SupervisedProcess({ name, launch, onChange: () => this.#publishRuntime(), say: this.#o.say });
    await process.start();
    this.#processes.push(process);
    this.#publishRuntime();
  }

  /** On a full disk the file stays outdated; that must not end the recording. */
  #publishRuntime(): void {
    const { dataDir } = this.#o;
    const venue = this.#venue;
    const pids: Record<string, number> = { polytape: process.pid };
    for (const { name, process: running } of this.#processes) if (running !== null) pids[name] = running.pid;
    if (venue !== null) pids['venue-sim'] = venue.process.pid;
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
    await this.#database?.[Symbol.asyncDispose]();
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
