/** The database's migrations are not those of this code: it would be written to in a shape that it does not have. */
export class SchemaMismatchError extends Error {
  override readonly name = 'SchemaMismatchError';
  readonly disposition = 'stop';
  readonly operatorAction: string;

  constructor(what: string, remedy: string) {
    super(`${what}: ${remedy}`);
    this.operatorAction = remedy;
  }
}
