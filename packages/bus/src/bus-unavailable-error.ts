/** NATS is away, too slow to answer, or has no leader just now. The same request may succeed later. */
export class BusUnavailableError extends Error {
  override readonly name = 'BusUnavailableError';
  readonly disposition = 'retry';
}
