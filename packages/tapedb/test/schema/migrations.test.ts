import { describe, expect, test } from 'vitest';
import {
  type AppliedMigration,
  type Migration,
  pendingMigrations,
  readMigrations,
} from '../../src/schema/migrations.ts';

const ALL = ['timescaledb-community', 'timescaledb-apache', 'postgresql'] as const;
const migration = (file: string, editions: Migration['editions'] = ALL): Migration => ({
  file,
  editions,
  sql: '',
  sha256: `sha256 of ${file}`,
});
const applied = (file: string): AppliedMigration => ({ ...migration(file), edition: 'postgresql' });

describe('the migrations that a database needs', () => {
  const migrations = [
    migration('0001-a.sql'),
    migration('0002-b.postgresql.sql', ['postgresql']),
    migration('0002-b.timescaledb.sql', ['timescaledb-community', 'timescaledb-apache']),
    migration('0003-c.sql'),
  ];
  const files = (...of: Parameters<typeof pendingMigrations>) => pendingMigrations(...of).map(({ file }) => file);

  test('are all of its edition when it is empty, in order', () => {
    expect(files(migrations, [], 'postgresql')).toEqual(['0001-a.sql', '0002-b.postgresql.sql', '0003-c.sql']);
    expect(files(migrations, [], 'timescaledb-apache')).toEqual(['0001-a.sql', '0002-b.timescaledb.sql', '0003-c.sql']);
  });

  test('are those behind the ones that it has', () => {
    expect(files(migrations, [applied('0001-a.sql'), applied('0002-b.postgresql.sql')], 'postgresql')).toEqual([
      '0003-c.sql',
    ]);
  });

  test('cannot be told when one was changed', () => {
    const changed = { ...applied('0001-a.sql'), sha256: 'another' };
    expect(() => pendingMigrations(migrations, [changed], 'postgresql')).toThrow(
      'the migration 0001-a.sql was changed after it had been applied to this database: restore the file',
    );
  });

  test('cannot be told by older code', () => {
    expect(() => pendingMigrations(migrations, [applied('0004-d.sql')], 'postgresql')).toThrow(
      'the database is newer than this polytape: it has had the migration 0004-d.sql: update polytape',
    );
  });

  test('must not stand before one that it has', () => {
    expect(() => pendingMigrations(migrations, [applied('0001-a.sql'), applied('0003-c.sql')], 'postgresql')).toThrow(
      'the migration 0002-b.postgresql.sql stands before 0003-c.sql, which this database has had already',
    );
  });
});

test('each migration of the folder is named by number, and for its editions', async () => {
  const migrations = await readMigrations();
  expect(migrations[0]).toMatchObject({ file: '0001-tape.sql', editions: ALL });
  for (const edition of ALL) {
    const numbers = migrations.filter(({ editions }) => editions.includes(edition)).map(({ file }) => file.slice(0, 4));
    expect(new Set(numbers).size, 'one file a number').toBe(numbers.length);
  }
});
