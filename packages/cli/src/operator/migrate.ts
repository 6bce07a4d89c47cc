import { silentLog } from '@polytape/resilience';
import { Database } from '@polytape/tapedb';
import { CommandError } from '../command-error.ts';
import { checkServers } from '../run/check-servers.ts';

/** Migrates the database and returns a sentence about the result. @throws {CommandError} No database is named. */
export async function migrate(databaseUrl: string | null, signal: AbortSignal): Promise<string> {
  if (databaseUrl === null)
    throw new CommandError('DATABASE_URL is not set: there is no database to migrate. Set it to postgresql://…');
  await checkServers({ natsUrl: null, databaseUrl, orElse: () => '' });
  await using database = await Database.open({
    url: databaseUrl,
    applicationName: 'polytape migrate',
    log: silentLog,
    signal,
  });
  const { applied } = await database.migrate();
  return applied.length === 0
    ? `The schema is up to date (${database.edition}).`
    : `Applied ${applied.join(', ')} (${database.edition}).`;
}
