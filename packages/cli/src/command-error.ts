/** A command failed for a reason that the person who ran it can fix. The message says everything they need to know. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly disposition = 'stop';
}
