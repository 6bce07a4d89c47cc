import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClientBase } from 'pg';
import { SchemaMismatchError } from '../errors.ts';
import type { Edition } from './edition.ts';

/** One file of migrations/, `NNNN-name.sql`. Where editions differ, the SQL asks `schema_migrations` for the edition. */
export type Migration = { file: string; sql: string; sha256: string };

export type AppliedMigration = { file: string; sha256: string; edition: Edition };

/** The migrations of this code, in order. */
export async function readMigrations(folder = join(import.meta.dirname, '../../migrations')): Promise<Migration[]> {
  const files = (await readdir(folder)).sort();
  return Promise.all(
    files.map(async (file) => {
      const sql = await readFile(join(folder, file), 'utf8');
      return { file, sql, sha256: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

/**
 * The migrations that a database still needs.
 *
 * @throws {SchemaMismatchError} The applied migrations are not the first ones of this code.
 */
export function pendingMigrations(migrations: Migration[], applied: AppliedMigration[]): Migration[] {
  const known = new Map(migrations.map((migration) => [migration.file, migration]));
  const newest = migrations.at(-1)?.file ?? '';
  for (const { file, sha256 } of applied) {
    const migration = known.get(file);
    if (migration === undefined && file > newest) {
      throw new SchemaMismatchError(
        `the database is newer than this polytape: it has the migration ${file}`,
        'update polytape',
      );
    }
    if (migration === undefined) {
      throw new SchemaMismatchError(
        `a development version of polytape made this database (migration ${file}), and it cannot be upgraded`,
        'use an empty one (another name in DATABASE_URL, or for `polytape start` delete the folder postgres of its data directory); the writer fills it again from the log',
      );
    }
    if (migration.sha256 !== sha256) {
      throw new SchemaMismatchError(
        `the migration ${file} was changed after it had been applied to this database`,
        'restore the file and put the change into a new migration',
      );
    }
  }
  const done = new Set(applied.map(({ file }) => file));
  const last = [...done].sort().at(-1) ?? '';
  const pending = migrations.filter(({ file }) => !done.has(file));
  const late = pending.find(({ file }) => file < last);
  if (late !== undefined) {
    throw new SchemaMismatchError(
      `the migration ${late.file} comes before ${last}, which this database already has`,
      'renumber it after all existing migrations',
    );
  }
  return pending;
}

/** The migrations that this database has had; none before its first. */
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

/** Applies one migration in a transaction. */
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
    await client.query('ROLLBACK').catch(() => {}); // The first error tells more.
    throw error;
  }
}

/** Takes the lock that a session holds while it migrates the database. */
export const LOCK_MIGRATIONS = "SELECT pg_advisory_lock(hashtextextended('polytape migrations', 0))";

const MIGRATIONS_TABLE = `
  DO $$ BEGIN
    IF to_regclass('schema_migrations') IS NULL THEN
      CREATE TABLE schema_migrations (
        file       text        NOT NULL PRIMARY KEY,
        sha256     text        NOT NULL,
        edition    text        NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
      );
      COMMENT ON TABLE  schema_migrations            IS 'Migrations applied to this database.';
      COMMENT ON COLUMN schema_migrations.file       IS 'Name of the file in packages/tapedb/migrations.';
      COMMENT ON COLUMN schema_migrations.sha256     IS 'sha256 over the applied file.';
      COMMENT ON COLUMN schema_migrations.edition    IS 'What the tables are made for: timescaledb-community, timescaledb-apache or postgresql. Chosen by the first migration.';
      COMMENT ON COLUMN schema_migrations.applied_at IS 'When the migration was applied, by the clock of this server.';
    END IF;
  END $$`;
