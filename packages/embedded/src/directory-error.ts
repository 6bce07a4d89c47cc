import { EmbeddedServerError } from './embedded-server-error.ts';

/** The error for a data directory that cannot be created or written. */
export function directoryError(server: string, directory: string, cause: unknown): EmbeddedServerError {
  return new EmbeddedServerError(
    'directory',
    `The data directory of ${server}, ${directory}, cannot be used: ${(cause as Error).message}.`,
    'Choose another directory (POLYTAPE_DATA_DIR), or give this user the right to write there.',
    { cause },
  );
}
