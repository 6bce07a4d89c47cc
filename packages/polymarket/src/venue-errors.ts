type Place = { host: string; path: string };

/** An error of a host of the venue. It names the host and the path, but neither the query nor credentials. */
class HostError extends Error {
  readonly host: string;
  readonly path: string;

  constructor(at: Place, message: string, cause?: unknown) {
    super(message, { cause });
    this.host = at.host;
    this.path = at.path;
  }
}

/** The venue answered 403 or 451: it refuses this client or its location, and retrying does not help. */
export class VenueRefusedError extends HostError {
  override readonly name = 'VenueRefusedError';
  readonly disposition = 'stop';
  readonly operatorAction =
    'Polymarket refuses some countries, providers and data centres (geoblocking). Run polytape where the venue may be ' +
    'read, or set the POLYMARKET_*_URL variables to a relay that you run there.';

  constructor(at: Place, status: number, detail: string) {
    const words = detail === '' ? `${status}` : `${status}, ${detail}`;
    super(at, `${at.host} refused ${at.path} (${words}): this machine's address is probably geoblocked`);
  }
}

/** The venue asks for fewer requests (429). */
export class VenueThrottledError extends HostError {
  override readonly name = 'VenueThrottledError';
  readonly disposition = 'retry';
  /** How long the venue asks to wait; null if unknown. */
  readonly retryAfterMs: number | null;

  constructor(at: Place, retryAfterMs: number | null) {
    super(at, `${at.host} throttled ${at.path} (429${retryAfterMs === null ? '' : `, wait ${retryAfterMs} ms`})`);
    this.retryAfterMs = retryAfterMs;
  }
}

/** The venue cannot be reached, took too long, broke off, or answered 5xx, 408 or 425. */
export class VenueUnavailableError extends HostError {
  override readonly name = 'VenueUnavailableError';
  readonly disposition = 'retry';
  /** In words: `connection refused`, `timed out after 10000 ms`, `answered 502`. */
  readonly reason: string;
  /** How long the venue asks to wait; null if unknown. */
  readonly retryAfterMs: number | null;

  constructor(at: Place, reason: string, options: { cause?: unknown; retryAfterMs?: number | null } = {}) {
    super(at, `${at.host} is unavailable for ${at.path}: ${reason}`, options.cause);
    this.reason = reason;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

/** The venue's answer is unusable: HTML, malformed JSON, an unknown shape, or a 4xx. */
export class VenueAnswerError extends HostError {
  override readonly name = 'VenueAnswerError';
  /** `stop` for a 4xx: the venue would refuse the same request again. */
  readonly disposition: 'retry' | 'stop';
  /** HTTP status; null if the answer was well-formed but made no sense. */
  readonly status: number | null;
  /** The answer in a few words; empty if unknown. */
  readonly answer: string;

  constructor(
    at: Place,
    reason: string,
    options: { status?: number | null; disposition?: 'retry' | 'stop'; answer?: string; cause?: unknown } = {},
  ) {
    super(at, `${at.host} gave an unusable answer to ${at.path}: ${reason}`, options.cause);
    this.status = options.status ?? null;
    this.disposition = options.disposition ?? 'retry';
    this.answer = options.answer ?? '';
  }
}

/** Any error of the venue's REST hosts, or of a refused socket. */
export type VenueError = VenueRefusedError | VenueThrottledError | VenueUnavailableError | VenueAnswerError;

/** Whether the error is one of these, and not a bug. */
export function isVenueError(error: unknown): error is VenueError {
  return error instanceof HostError;
}
