import { Bus } from '@polytape/bus';
import { Database } from '@polytape/tapedb';
import { type Log, silentLog } from '@polytape/types';
import { CommandError } from '../command-error.ts';

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
  let cause = 'nothing came back';
  const log: Log = {
    ...silentLog,
    warn: (fields, sentence) => {
      cause = 'cause' in fields ? String(fields.cause) : sentence;
    },
  };
  const check = async (name: string, url: string, connect: (signal: AbortSignal) => Promise<AsyncDisposable>) => {
    const signal = AbortSignal.timeout(ANSWER_MS_MAX);
    try {
      await using _server = await connect(signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new CommandError(
        `${name}: no answer from the server at ${new URL(url).host} within ${ANSWER_MS_MAX / 1_000} s (${cause}). ` +
          `Start it, or correct ${name}${given.orElse(name)}`,
      );
    }
  };
  const { natsUrl, databaseUrl } = given;
  if (natsUrl !== null) {
    await check('NATS_URL', natsUrl, (signal) => Bus.connect({ url: natsUrl, name: 'polytape', log, signal }));
  }
  if (databaseUrl !== null) {
    await check('DATABASE_URL', databaseUrl, (signal) =>
      Database.open({ url: databaseUrl, applicationName: 'polytape', log, signal }),
    );
  }
}

const ANSWER_MS_MAX = 5_000;
