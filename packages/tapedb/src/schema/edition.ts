import type { Log } from '@polytape/resilience';
import type { ClientBase } from 'pg';
import { DatabaseConfigurationError } from '../errors.ts';

/**
 * What the tables are made for: hypertables with compression and continuous aggregates, hypertables only, or plain
 * tables. The first migration of a database decides, and it stays so.
 */
export type Edition = 'timescaledb-community' | 'timescaledb-apache' | 'postgresql';

/** The edition that the first migration would choose. */
export async function offeredEdition(client: ClientBase): Promise<Edition> {
  const { rows } = await client.query<{ created: boolean; licence: string | null }>(
    `SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') AS created,
            current_setting('timescaledb.license', true) AS licence`,
  );
  if (rows[0]?.created !== true) return 'postgresql';
  return rows[0].licence === 'timescale' ? 'timescaledb-community' : 'timescaledb-apache';
}

/**
 * Refuses the releases of TimescaleDB that lose rows silently: INSERT ... ON CONFLICT DO NOTHING into a compressed chunk
 * stops at the first row that the chunk already holds, and the rows after it are not stored.
 *
 * Source: timescale/timescaledb issue 7672. The fault came with `skip_current_tuple` in 2.16.0 and was fixed in 2.18.1.
 * Only the Community edition compresses.
 *
 * @throws {DatabaseConfigurationError} The installed release is one of them.
 */
export async function refuseRowLosingRelease(client: ClientBase, edition: Edition, host: string): Promise<void> {
  if (edition !== 'timescaledb-community') return;
  const { rows } = await client.query<{ extversion: string }>(
    `SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'`,
  );
  const version = rows[0]?.extversion ?? '';
  if (!losesRowsOnConflict(version)) return;
  throw new DatabaseConfigurationError(
    `TimescaleDB ${version} at ${host} loses rows: an INSERT with ON CONFLICT DO NOTHING into a compressed chunk stops at the first row that is already there (timescale/timescaledb issue 7672, in 2.16.0 to 2.18.0)`,
    'install TimescaleDB 2.18.1 or later and run ALTER EXTENSION timescaledb UPDATE',
  );
}

/** Whether this release of TimescaleDB has the fault of `refuseRowLosingRelease`. */
export function losesRowsOnConflict(version: string): boolean {
  const [, minor, patch] = /^2\.(\d+)\.(\d+)/.exec(version)?.map(Number) ?? [];
  if (minor === undefined || patch === undefined) return false;
  return minor === 16 || minor === 17 || (minor === 18 && patch === 0);
}

/**
 * Creates the extension if the server has it and the database does not. If that fails, a warning says so and the database
 * gets plain tables. The attempt may cost the connection: the extension ends a session that it cannot serve.
 */
export async function createExtension(client: ClientBase, log: Log): Promise<void> {
  const { rows } = await client.query<{ available: boolean; created: boolean; loaded: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb') AS available,
            EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') AS created,
            current_setting('timescaledb.max_background_workers', true) IS NOT NULL AS loaded`,
  );
  const { available, created, loaded } = rows[0] ?? { available: false, created: false, loaded: false };
  if (created || !available) return;
  if (!loaded) {
    log.warn(
      {},
      'TimescaleDB is installed on this server but not loaded, so polytape creates plain tables. To get hypertables, add timescaledb to shared_preload_libraries, restart the server and start with an empty database.',
    );
    return;
  }
  try {
    await client.query('CREATE EXTENSION IF NOT EXISTS timescaledb');
  } catch (error) {
    log.warn(
      { cause: (error as Error).message },
      'TimescaleDB is installed on this server, but the extension could not be created in this database, so polytape creates plain tables. To get hypertables, let a superuser run CREATE EXTENSION timescaledb in an empty database first.',
    );
  }
}
