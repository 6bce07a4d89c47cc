/** The error for a data directory that cannot be created or written. */
export function directoryError(server: string, directory: string, cause: unknown): EmbeddedServerError {
  return new EmbeddedServerError(
    'directory',
    `The data directory of ${server}, ${directory}, cannot be used: ${(cause as Error).message}.`,
    'Choose another directory (POLYTAPE_DATA_DIR), or give this user write access.',
    { cause },
  );
}

/**
 * A server could not be found, fetched or started. `message` is a sentence for a person, `operatorAction` the remedy.
 *
 * - `unavailable`: the program was not found and cannot be fetched on this machine
 * - `port-taken`: another program listens on the requested port
 * - `directory`: a directory cannot be written, or the server's user cannot enter it
 * - `in-use`: another server uses the data directory
 * - `start-failed`: the program exited or did not become ready; the message includes the end of its log
 */
export class EmbeddedServerError extends Error {
  override readonly name = 'EmbeddedServerError';
  readonly disposition = 'stop';
  readonly reason: EmbeddedServerErrorReason;
  readonly operatorAction: string;

  constructor(reason: EmbeddedServerErrorReason, message: string, operatorAction: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
    this.operatorAction = operatorAction;
  }
}

export type EmbeddedServerErrorReason = 'unavailable' | 'port-taken' | 'directory' | 'in-use' | 'start-failed';
