import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { CommandError } from '../command-error.ts';
import type { Runtime } from './runtime-file.ts';

/** The recorder that a command talks to. */
export type RecorderAddress = {
  /** NATS server, if one is named. */
  natsUrl: string | null;
  /** Where a `demo` or `start` may run. */
  dataDirPath: string;
  /** Shell variables that, with `.env`, locate `docker compose`; null if the command names another recorder. */
  composeEnv: Record<string, string | undefined> | null;
};

/**
 * Finds the NATS server of a recorder: the named one, else that of the `demo` or `start` running in the data directory,
 * else that of `docker compose` in this folder.
 *
 * @throws {CommandError} None of the three exists.
 */
export function findNats({ natsUrl, dataDirPath, composeEnv }: RecorderAddress): string {
  const path = join(resolve(dataDirPath), 'runtime.json');
  const found = natsUrl ?? natsOfRuntime(path) ?? (composeEnv === null ? null : natsOfCompose(composeEnv));
  if (found !== null) return found;
  throw new CommandError(
    `No recorder runs here: there is no ${path}${composeEnv === null ? '' : ', and no .env with NATS_PASSWORD'}. Start one with ` +
      '`npx pnpm start` or `npx pnpm demo`, or name the directory of a running one with --data-dir or its NATS server with --nats-url (or NATS_URL).',
  );
}

function natsOfRuntime(path: string): string | null {
  const text = readText(path);
  if (text === null) return null;
  try {
    return (JSON.parse(text) as Runtime).natsUrl;
  } catch (cause) {
    throw new CommandError(`${path} is damaged. Name the NATS server with --nats-url.`, { cause });
  }
}

/** The port that docker-compose.yml publishes, from the files that `docker compose` reads. Shell variables take precedence. */
function natsOfCompose(env: Record<string, string | undefined>): string | null {
  const files = (env.COMPOSE_ENV_FILES || '.env').split(',');
  const settings = { ...Object.assign({}, ...files.map((file) => parseEnv(readText(file.trim()) ?? ''))), ...env };
  if (settings.NATS_URL) return settings.NATS_URL;
  const { NATS_PASSWORD: password, NATS_PORT: port } = settings;
  return password ? `nats://polytape:${encodeURIComponent(password)}@127.0.0.1:${port || '4222'}` : null;
}

/** Null if the file does not exist. */
function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw new CommandError(`${path} cannot be read (${code}).`, { cause: error });
  }
}
