import type { ServerResponse } from 'node:http';
import { BadAnswerRequestError } from '../venue-sim-errors.ts';
import type { VenueHost } from './rate-counts.ts';

/**
 * What a host may answer instead of the truth: refusals, pages of HTML, the right answer too late, cut off, or with a
 * cursor that does not move or a row that is none, or nothing at all while the connection stays open.
 */
type BadAnswerKind = (typeof KINDS)[number];

/** Which requests are to be answered badly, and how. */
export type BadAnswerRequest = {
  host: VenueHost;
  /** A regular expression that the path below the host must match; default: any. */
  path?: string;
  answer: BadAnswerKind;
  /** How many; null or nothing: all, until they are cleared. */
  count?: number | null;
  /** Of `slow` ones. */
  delayMs?: number;
  /** Of `429-retry-after`. */
  retryAfterSeconds?: number;
};

/** One bad answer that is due. */
export type BadAnswer = { kind: BadAnswerKind; host: VenueHost; delayMs: number; retryAfterSeconds: number };

/** Which requests are answered badly. Of several that fit a request, the oldest is taken. */
export class BadAnswers {
  /** Bad answers given so far. */
  given = 0;
  #orders: Order[] = [];
  /** Requests that are never answered: ended when they are cleared, or with the venue. */
  readonly #held = new Map<ServerResponse, VenueHost>();

  /** @throws {BadAnswerRequestError} It cannot be done. */
  order(request: BadAnswerRequest): void {
    const { host, path = '', answer, count = null, delayMs = 30_000, retryAfterSeconds = 1 } = request;
    if (!HOSTS.includes(host)) throw new BadAnswerRequestError(`'host' is one of ${HOSTS.join(', ')}`);
    if (!KINDS.includes(answer)) throw new BadAnswerRequestError(`'answer' is one of ${KINDS.join(', ')}`);
    if (count !== null && !(Number.isInteger(count) && count > 0)) {
      throw new BadAnswerRequestError("'count' is a whole number above 0, or null");
    }
    if (!(delayMs >= 0 && delayMs <= DELAY_MS_MAX))
      throw new BadAnswerRequestError(`'delayMs' is 0 to ${DELAY_MS_MAX}`);
    if (!(Number.isInteger(retryAfterSeconds) && retryAfterSeconds >= 0)) {
      throw new BadAnswerRequestError("'retryAfterSeconds' is a whole number");
    }
    if (this.#orders.length >= ORDERS_MAX)
      throw new BadAnswerRequestError(`at most ${ORDERS_MAX} at a time; clear them first`);
    this.#orders.push({
      host,
      path: pattern(path),
      kind: answer,
      left: count ?? Number.POSITIVE_INFINITY,
      delayMs,
      retryAfterSeconds,
    });
  }

  /** Everything is answered rightly again, of one host or of all; requests without an answer are cut off. */
  clear(host?: VenueHost): void {
    this.#orders = this.#orders.filter((order) => host !== undefined && order.host !== host);
    for (const [response, itsHost] of this.#held) if (host === undefined || itsHost === host) response.destroy();
  }

  /** The bad answer that this request gets; null for the right one. */
  next(host: VenueHost, path: string, query: URLSearchParams): BadAnswer | null {
    const order = this.#orders.find(
      (candidate) =>
        candidate.host === host &&
        candidate.path.test(path) &&
        // Only a page that was asked for by a cursor can repeat it.
        (candidate.kind !== 'repeated-cursor' || cursorOf(query) !== null),
    );
    if (order === undefined) return null;
    this.given += 1;
    order.left -= 1;
    if (order.left === 0) this.#orders = this.#orders.filter((other) => other !== order);
    return order;
  }

  /** Never answers. */
  hold(response: ServerResponse, host: VenueHost): void {
    this.#held.set(response, host);
    response.once('close', () => this.#held.delete(response));
  }
}

/** The cursor that a page was asked for by. */
export function cursorOf(query: URLSearchParams): string | null {
  return query.get('after_cursor') || query.get('cursor') || null;
}

type Order = BadAnswer & { path: RegExp; left: number };

const HOSTS: readonly VenueHost[] = ['gamma', 'clob', 'data'];
const KINDS = [
  '429',
  '429-retry-after',
  '500',
  'html',
  'slow',
  'truncated',
  'repeated-cursor',
  'malformed-market',
  '403',
  'nothing',
] as const;
const ORDERS_MAX = 100;
const DELAY_MS_MAX = 600_000;

function pattern(path: string): RegExp {
  try {
    return new RegExp(path);
  } catch (error) {
    throw new BadAnswerRequestError(`'path' is no regular expression: ${(error as Error).message}`);
  }
}
