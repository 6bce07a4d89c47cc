import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import { errors, type PermissionViolationError } from '@nats-io/transport-node';
import { BusPermissionError, BusUnavailableError, StreamMissingError } from '../errors.ts';

/**
 * Translates the failure of a JetStream request into this package's classes, so that callers branch on a class and never
 * on the client's messages. Our own errors and unknown ones pass unchanged.
 */
export function translateFailure(error: unknown, stream: string): unknown {
  const denied = permissionViolation(error);
  if (denied !== null) return new BusPermissionError(denied.subject, error);
  if (error instanceof JetStreamApiError) return translateAnswer(error, stream);
  if (isAway(error)) return new BusUnavailableError(`NATS did not answer a request about ${stream}`, { cause: error });
  return error;
}

/** Whether nobody answered: no connection, no answer in time, or no JetStream leader behind the connection. */
export function isAway(error: unknown): boolean {
  return (
    error instanceof errors.TimeoutError ||
    error instanceof errors.RequestError ||
    error instanceof errors.ConnectionError ||
    error instanceof errors.ClosedConnectionError ||
    error instanceof errors.DrainingConnectionError ||
    (error instanceof Error && error.name === 'JetStreamNotEnabled' && !isDisabledForAccount(error))
  );
}

function translateAnswer(error: JetStreamApiError, stream: string): Error {
  if (error.code === JetStreamApiCodes.StreamNotFound) return new StreamMissingError(stream, error);
  if (error.status === 503) return new BusUnavailableError(`JetStream cannot serve ${stream} now`, { cause: error });
  return error;
}

/** The server's "permissions violation" in an error or its causes. */
function permissionViolation(error: unknown): PermissionViolationError | null {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (at instanceof errors.PermissionViolationError) return at;
  }
  return null;
}

/** The client uses one class for "nobody answers" and for the answer "not enabled for account"; only the cause differs. */
function isDisabledForAccount(error: Error): boolean {
  return error.cause instanceof JetStreamApiError;
}
