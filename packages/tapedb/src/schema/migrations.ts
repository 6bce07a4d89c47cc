import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClientBase } from 'pg';
import { SchemaMismatchError } from '../errors.ts';
import type { Edition } from './edition.ts';

/** One file of migrations/: `NNNN-name.sql`, or `NNNN-name.<for>.sql` when only some editions get it. */
export type Migration = { file: string; sql: string; sha256: string; editions: readonly Edition[] };

export type AppliedMigration = { file: string; sha256: string; edition: Edition };

/** What the word before `.sql` stands for; a file without one is for every edition. */
const EDITIONS_OF: Record<string, readonly Edition[]> = {
  timescaledb: ['timescaledb-community', 'timescaledb-apache'],
  community: ['timescaledb-community'],
  apache: ['timescaledb-apache'],
  postgresql: ['postgresql'],
};

/** The migrations of this code, in order. */
export async function readMigrations(folder = join(import.meta.dirname, '../../migrations')): Promise<Migration[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.sql')).sort();
  return Promise.all(
    files.map(async (file) => {
      const [, suffix] = /^\d{4}-[a-z0-9-]+(?:\.([a-z]+))?\.sql$/.exec(file) ?? [file, 'unknown'];
      const editions = suffix === undefined ? ALL_EDITIONS : EDITIONS_OF[suffix];
      if (editions === undefined)
        throw new Error(`migrations/${file} is not named NNNN-name.sql or NNNN-name.<for>.sql`);
      const sql = await readFile(join(folder, file), 'utf8');
      return { file, sql, sha256: createHash('sha256').update(sql).digest('hex'), editions };
    }),
  );
}

/**
 * The migrations that a database still needs.
 *
 * @throws {SchemaMismatchError} What was applied is not what this code has.
 */
export function pendingMigrations(migrations: Migration[], applied: AppliedMigration[], edition: Edition): Migration[] {
  const known = new Map(migrations.map((migration) => [migration.file, migration]));
  for (const { file, sha256 } of applied) {
    const migration = known.get(file);
    if (migration === undefined) {
      throw new SchemaMismatchError(
        `the database is newer than this polytape: it has had the migration ${file}`,
        'update polytape',
      );
    }
    if (migration.sha256 !== sha256) {
      throw new SchemaMismatchError(
        `the migration ${file} was changed after it had been applied to this database`,
        'restore the file as it was and put the change into a new migration',
      );
    }
  }
  const done = new Set(applied.map(({ file }) => file));
  const last =
    applied
      .map(({ file }) => file)
      .sort()
      .at(-1) ?? '';
  const pending = migrations.filter(({ file, editions }) => !done.has(file) && editions.includes(edition));
  const late = pending.find(({ file }) => file < last);
  if (late !== undefined) {
    throw new SchemaMismatchError(
      `the migration ${late.file} stands before ${last}, which this database has had already`,
      'give it a number behind all others',
    );
  }
  return pending;
}

/** What was applied to this database; none when it was never migrated. */
export async function appliedMigrations(client: ClientBase): Promise<AppliedMigration[]> {
  const { rows } = await client.query<{ exists: boolean }>(
    "SELECT to_regclass('schema_migrations') IS NOT NULL AS exists",
  );
  if (rows[0]?.exists !== true) return [];
  const applied = await client.query<AppliedMigration>(
    'SELECT file, sha256, edition FROM schema_migrations ORDER BY file',
  );
  return applied.rows;
}

/** Applies one migration, whole or not at all. */
export async function applyMigration(client: ClientBase, migration: Migration, edition: Edition): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(MIGRATIONS_TABLE);
    await client.query(migration.sql);
    await client.query('INSERT INTO schema_migrations (file, sha256, edition) VALUES ($1, $2, $3)', [
      migration.file,
      migration.sha256,
      edition,
    ]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {}); // The first error says more.
    throw error;
  }
}

/** Held while a database is being migrated, by the session. */
export const LOCK_MIGRATIONS = "SELECT pg_advisory_lock(hashtextextended('polytape migrations', 0))";

const ALL_EDITIONS: readonly Edition[] = ['timescaledb-community', 'timescaledb-apache', 'postgresql'];

const MIGRATIONS_TABLE = `
  DO $$ BEGIN
    IF to_regclass('schema_migrations') IS NULL THEN
      CREATE TABLE schema_migrations (
        file       text        NOT NULL PRIMARY KEY,
        sha256     text        NOT NULL,
        edition    text        NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
      );
      COMMENT ON TABLE  schema_migrations            IS 'Migrations that this database has had.';
      COMMENT ON COLUMN schema_migrations.file       IS 'Name of the file in packages/tapedb/migrations.';
      COMMENT ON COLUMN schema_migrations.sha256     IS 'sha256 over the file as it was applied.';
      COMMENT ON COLUMN schema_migrations.edition    IS 'What the database offered: timescaledb-community, timescaledb-apache or postgresql.';
      COMMENT ON COLUMN schema_migrations.applied_at IS 'When it was applied, by the clock of this server.';
    END IF;
  END $$`;
