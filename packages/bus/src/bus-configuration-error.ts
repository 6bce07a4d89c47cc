/**
 * The settings or the server behind them can never work as they are: trying again cannot help, a person must act.
 * The message is one sentence that names the setting and the remedy; it never holds the password.
 */
export class BusConfigurationError extends Error {
  override readonly name = 'BusConfigurationError';
  readonly disposition = 'stop';
  readonly operatorAction: string;

  constructor(sentence: string, operatorAction: string, cause?: unknown) {
    super(`${sentence} ${operatorAction}`, cause === undefined ? undefined : { cause });
    this.operatorAction = operatorAction;
  }
}
