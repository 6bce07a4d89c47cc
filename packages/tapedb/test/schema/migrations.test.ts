import { describe, expect, test } from 'vitest';
import {
  type AppliedMigration,
  type Migration,
  pendingMigrations,
  readMigrations,
} from '../../src/schema/migrations.ts';

const migration = (file: string): Migration => ({ file, sql: '', sha256: `sha256 of ${file}` });
const applied = (file: string): AppliedMigration => ({ ...migration(file), edition: 'postgresql' });

describe('the migrations that a database needs', () => {
  const migrations = ['0001-a.sql', '0002-b.sql', '0003-c.sql'].map(migration);
  const pending = (...files: string[]) => pendingMigrations(migrations, files.map(applied)).map(({ file }) => file);

  test('are all of them when it is empty, in order', () => {
    expect(pending()).toEqual(['0001-a.sql', '0002-b.sql', '0003-c.sql']);
  });

  test('are those after the ones that it has', () => {
    expect(pending('0001-a.sql', '0002-b.sql')).toEqual(['0003-c.sql']);
  });

  test('are unknown when an applied file was changed', () => {
    const changed = { ...applied('0001-a.sql'), sha256: 'another' };
    expect(() => pendingMigrations(migrations, [changed])).toThrow(
      'the migration 0001-a.sql was changed after it had been applied to this database: restore the file',
    );
  });

  test('are unknown when newer code has migrated the database', () => {
    expect(() => pending('0001-a.sql', '0004-d.sql')).toThrow(
      'the database is newer than this polytape: it has the migration 0004-d.sql: update polytape',
    );
  });

  test('do not exist for a database of a development version, and the error says what to do', () => {
    expect(() => pending('0001-tape.sql', '0002-trades-hypertable.timescaledb.sql')).toThrow(
      /^a development version of polytape made this database \(migration 0001-tape\.sql\).*: use an empty one .*DATABASE_URL.*the writer fills it again from the log$/,
    );
  });

  test('must not come before one that it already has', () => {
    expect(() => pending('0001-a.sql', '0003-c.sql')).toThrow(
      'the migration 0002-b.sql comes before 0003-c.sql, which this database already has',
    );
  });
});

test('each migration has a number of its own and a name', async () => {
  const files = (await readMigrations()).map(({ file }) => file);
  expect(files[0]).toBe('0001-tables.sql');
  for (const file of files) expect(file).toMatch(/^\d{4}-[a-z0-9-]+\.sql$/);
  expect(new Set(files.map((file) => file.slice(0, 4))).size).toBe(files.length);
});
