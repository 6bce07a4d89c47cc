import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
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
import type { Figure } from './measure.ts';

/** What a person asked for on the command line. */
export type BenchOptions = {
  /** Fewer and shorter runs, for a quick look. */
  quick: boolean;
  /** Trades a second of the section `e2e`; the section has its own by default. */
  rates: readonly number[] | null;
  /** Measured seconds of one rate. */
  seconds: number | null;
  /** Sizes of the venue in the section `growth`. */
  tokens: readonly number[] | null;
  /** Directory for the CPU profiles of every process of the section `e2e`. */
  cpuProf: string | null;
};

/** One topic of the benchmark. */
export type Section = {
  /** What a person types. */
  name: string;
  title: string;
  /** What the figures do not say by themselves: a sentence or two below the title of the table. */
  about: string;
  /** Whether `--quick` runs it. */
  isQuick: boolean;
  run: (bench: Bench) => Promise<Figure[]>;
  /** Draws its figures as an SVG, for the report. */
  plot?: (figures: readonly Figure[]) => string;
};

/** What a section may use. Everything is below a temporary directory, and is stopped and removed with the section. */
export class Bench implements AsyncDisposable {
  readonly options: BenchOptions;
  readonly directory = mkdtempSync(join(tmpdir(), 'polytape-bench-'));
  readonly say: (sentence: string) => void;
  readonly #resources = new AsyncDisposableStack();

  constructor(options: BenchOptions, say: (sentence: string) => void) {
    this.options = options;
    this.say = say;
    chmodSync(this.directory, 0o711);
    this.#resources.defer(() => rmSync(this.directory, { recursive: true, force: true }));
  }

  /** A new nats-server. */
  async nats(): Promise<EmbeddedServer> {
    const { nats } = await binaries(this.say);
    return this.#resources.use(await startNatsServer({ binary: nats, dataDir: this.#newDirectory() }));
  }

  /** A new PostgreSQL, with TimescaleDB where this machine has it. */
  async postgres(): Promise<EmbeddedServer> {
    const { postgres } = await binaries(this.say);
    return this.#resources.use(await startPostgres({ binaries: postgres, dataDir: this.#newDirectory() }));
  }

  #newDirectory(): string {
    const path = mkdtempSync(join(this.directory, 'server-'));
    chmodSync(path, 0o711); // PostgreSQL does not run as root, but as a user that must get through
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}

/** The servers' programs, found or fetched once. */
export function binaries(say: (sentence: string) => void): Promise<Binaries> {
  found ??= Promise.all([
    prepareNatsServer({ cacheDir: CACHE_DIR, progress: say, binary: process.env.NATS_SERVER_BIN }),
    preparePostgres({ cacheDir: CACHE_DIR, progress: say }),
  ]).then(([nats, postgres]) => ({ nats, postgres }));
  return found;
}

type Binaries = { nats: NatsServerBinary; postgres: PostgresBinaries };

let found: Promise<Binaries> | undefined;
const CACHE_DIR = fileURLToPath(import.meta.resolve('../../../.polytape/cache'));
