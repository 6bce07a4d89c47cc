import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { CommandError } from '../command-error.ts';
import type { Runtime } from './runtime-file.ts';

/** Which recorder a command speaks to. */
export type RecorderAddress = {
  /** NATS server, when one is named. */
  natsUrl: string | null;
  /** Where a `demo` or `start` may run. */
  dataDirPath: string;
  /** The shell's variables, which say with `.env` where `docker compose` runs; null where that is not meant. */
  composeEnv: Record<string, string | undefined> | null;
};

/**
 * The NATS server of a recorder: the one that is named, else that of the `demo` or `start` that runs in the data
 * directory, else that of `docker compose` in this folder.
 *
 * @throws {CommandError} None is named, nothing runs there, and no `.env` says anything.
 */
export function findNats({ natsUrl, dataDirPath, composeEnv }: RecorderAddress): string {
  const path = join(resolve(dataDirPath), 'runtime.json');
  const found = natsUrl ?? natsOfRuntime(path) ?? (composeEnv === null ? null : natsOfCompose(composeEnv));
  if (found !== null) return found;
  throw new CommandError(
    `No recorder runs here: there is no ${path}${composeEnv === null ? '' : ', and no .env with NATS_PASSWORD'}. Start one with ` +
      '`npx pnpm start` or `npx pnpm demo`, name the directory of one that runs with --data-dir, or its NATS server with --nats-url (or NATS_URL).',
  );
}

function natsOfRuntime(path: string): string | null {
  const text = readText(path);
  if (text === null) return null;
  try {
    return (JSON.parse(text) as Runtime).natsUrl;
  } catch (cause) {
    throw new CommandError(`${path} is damaged; name the NATS server with --nats-url.`, { cause });
  }
}

/** What docker-compose.yml publishes on this machine, by the files that `docker compose` reads; the shell goes before them. */
function natsOfCompose(env: Record<string, string | undefined>): string | null {
  const files = (env.COMPOSE_ENV_FILES || '.env').split(',');
  const settings = { ...Object.assign({}, ...files.map((file) => parseEnv(readText(file.trim()) ?? ''))), ...env };
  if (settings.NATS_URL) return settings.NATS_URL;
  const { NATS_PASSWORD: password, NATS_PORT: port } = settings;
  return password ? `nats://polytape:${encodeURIComponent(password)}@127.0.0.1:${port || '4222'}` : null;
}

/** Null where there is no such file. */
function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw new CommandError(`${path} cannot be read (${code}).`, { cause: error });
  }
}
