/** A command cannot go on for a reason that the person who called it can mend; its message is all they need to read. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly disposition = 'stop';
}
