/**
 * The user that we are on NATS may not do this. Trying again helps only once somebody has granted the right, or has
 * done the thing in our place.
 */
export class BusPermissionError extends Error {
  override readonly name = 'BusPermissionError';
  readonly disposition = 'retry';
  readonly operatorAction: string;
  /** The NATS subject that was refused. */
  readonly subject: string;

  constructor(subject: string, cause: unknown) {
    super(`NATS refused us the right to use ${subject}`, { cause });
    this.subject = subject;
    this.operatorAction = `Allow the user of NATS_URL to publish to ${subject}, or run a service that may.`;
  }
}
