import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { EmbeddedServerError } from '../errors.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';

/**
 * @throws {EmbeddedServerError} `unavailable`: the directory was last used with TimescaleDB, which is missing now.
 *   PostgreSQL would start, but fail at the first query of a hypertable.
 */
export async function requireTimescaleIfUsed(dataDir: string, binaries: PostgresBinaries): Promise<void> {
  if (binaries.timescale !== null) return;
  const version = await readFile(markerFile(dataDir), 'utf8').catch(() => null);
  if (version === null) return;
  throw new EmbeddedServerError(
    'unavailable',
    `The database in ${dataDir} was used with TimescaleDB ${version.trim()}, which is not available now.`,
    "Start again when Debian's packages can be reached, or choose another directory (POLYTAPE_DATA_DIR).",
  );
}

/**
 * Records the version of TimescaleDB that the directory is used with. If it has changed, the extension is updated: its library
 * is named after the version, and the old one may be gone from the cache.
 */
export async function keepTimescaleVersion(dataDir: string, binaries: PostgresBinaries, url: string): Promise<null> {
  if (binaries.timescale === null) return null;
  const { version } = binaries.timescale;
  const before = await readFile(markerFile(dataDir), 'utf8').catch(() => null);
  if (before?.trim() === version) return null;
  if (before !== null) await updateExtension(url);
  await writeFile(markerFile(dataDir), `${version}\n`);
  return null;
}

async function updateExtension(url: string): Promise<void> {
  // At the first statement the loader would look for the library of the old version, which may be gone.
  const client = new Client({ connectionString: url, options: '-c timescaledb.disable_load=on' });
  await client.connect();
  try {
    const { rowCount } = await client.query("SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'");
    if (rowCount === 0) return;
  } finally {
    await client.end();
  }
  const updater = new Client({ connectionString: url });
  await updater.connect();
  try {
    await updater.query('ALTER EXTENSION timescaledb UPDATE'); // must be the first statement of its session
  } finally {
    await updater.end();
  }
}

function markerFile(dataDir: string): string {
  return join(dataDir, 'timescaledb-version');
}
