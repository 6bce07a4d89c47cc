import { Bus } from '@polytape/bus';
import { Database } from '@polytape/tapedb';
import { connectWithin } from './connect-within.ts';

/**
 * Checks that the named servers answer, before starting services that would wait for them forever.
 *
 * @throws {CommandError} A server does not answer in time; the message names its setting.
 * @throws {BusConfigurationError | DatabaseConfigurationError} A server's address or credentials are wrong.
 */
export async function checkServers(given: {
  natsUrl: string | null;
  databaseUrl: string | null;
  /** An alternative to starting the server or correcting the setting; begins with a comma. */
  orElse: (setting: string) => string;
}): Promise<void> {
  const { natsUrl, databaseUrl, orElse } = given;
  const refusal = (name: string, url: string) => (seconds: number, cause: string) =>
    `${name}: no answer from the server at ${new URL(url).host} within ${seconds} s (${cause}). Start it, or correct ${name}${orElse(name)}`;
  if (natsUrl !== null) {
    await using _bus = await connectWithin((o) => Bus.connect({ url: natsUrl, name: 'polytape', ...o }), {
      refusal: refusal('NATS_URL', natsUrl),
    });
  }
  if (databaseUrl !== null) {
    const options = { url: databaseUrl, applicationName: 'polytape' };
    await using _database = await connectWithin((o) => Database.open({ ...options, ...o }), {
      refusal: refusal('DATABASE_URL', databaseUrl),
    });
  }
}
