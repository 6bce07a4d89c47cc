import { Bus } from '@polytape/bus';
import { Database } from '@polytape/tapedb';
import { connectWithin } from './connect-within.ts';

/**
 * Asks the servers that are given whether they answer, before anything is started that would wait for them for ever.
 *
 * @throws {CommandError} One of them does not answer in time; the message names the setting.
 * @throws {BusConfigurationError | DatabaseConfigurationError} Its address or credentials are wrong.
 */
export async function checkServers(given: {
  natsUrl: string | null;
  databaseUrl: string | null;
  /** What a person may do other than start the server or correct the setting; begins with a comma. */
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
