import { BusUnavailableError } from '../errors.ts';

/** The failure of whatever is asked of a connection that was closed for good. */
export function connectionClosed(cause?: unknown): BusUnavailableError {
  return new BusUnavailableError('the connection to NATS is closed', { cause });
}
