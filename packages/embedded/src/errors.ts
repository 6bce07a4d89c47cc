/** The error for a data directory that cannot be created or written. */
export function directoryError(server: string, directory: string, cause: unknown): EmbeddedServerError {
  return new EmbeddedServerError(
    'directory',
    `The data directory of ${server}, ${directory}, cannot be used: ${(cause as Error).message}.`,
    'Choose another directory (POLYTAPE_DATA_DIR), or give this user the right to write there.',
    { cause },
  );
}

/**
 * Why a server could not be had or started. `message` is one sentence for a person, `operatorAction` the remedy.
 *
 * - `unavailable`: the program cannot be found or fetched on this machine
 * - `port-taken`: another program listens on the wanted port
 * - `directory`: a directory cannot be written, or not be reached by the user that the server runs as
 * - `in-use`: another server runs on the data directory
 * - `start-failed`: the program ended or stayed unready; the message carries the last lines of its log
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
