/**
 * The stream's position in the database is not the one that the caller read from: another writer has moved it, or the
 * database was replaced. Nothing is stored. The caller reads the position again and starts from there.
 */
export class PositionConflictError extends Error {
  override readonly name = 'PositionConflictError';
  readonly disposition = 'retry';
  readonly stream: string;

  constructor(stream: string) {
    super(`the position of stream ${stream} was moved by somebody else`);
    this.stream = stream;
  }
}
