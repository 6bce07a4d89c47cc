import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CommandError } from '../command-error.ts';
import type { Runtime } from './runtime-file.ts';

/**
 * The NATS server of the recorder that is meant: the one that is named, else the one of the `demo` or `start` that runs in
 * the data directory.
 *
 * @throws {CommandError} None is named and nothing runs there.
 */
export function findNats(o: { natsUrl: string | null; dataDirPath: string }): string {
  if (o.natsUrl !== null) return o.natsUrl;
  const path = join(resolve(o.dataDirPath), 'runtime.json');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') throw new CommandError(`${path} cannot be read (${code}).`, { cause: error });
    throw new CommandError(
      `No recorder runs here: there is no ${path}. Start one with \`npx pnpm start\` or \`npx pnpm demo\`, ` +
        'name the directory of one that runs with --data-dir, or its NATS server with --nats-url (or NATS_URL).',
    );
  }
  try {
    return (JSON.parse(text) as Runtime).natsUrl;
  } catch (cause) {
    throw new CommandError(`${path} is damaged; name the NATS server with --nats-url.`, { cause });
  }
}
