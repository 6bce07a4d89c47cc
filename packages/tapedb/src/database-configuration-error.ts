/** The database cannot be used as it is configured, and trying again would not help: a person has to change something. */
export class DatabaseConfigurationError extends Error {
  override readonly name = 'DatabaseConfigurationError';
  readonly disposition = 'stop';
  /** What to do about it. */
  readonly operatorAction: string;

  /** `what` and `remedy` become one sentence; neither may hold the password. */
  constructor(what: string, remedy: string, options?: { cause?: unknown }) {
    super(`${what}: ${remedy}`, options);
    this.operatorAction = remedy;
  }
}
