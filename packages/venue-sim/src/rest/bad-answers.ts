import type { ServerResponse } from 'node:http';
import { BadAnswerRequestError } from '../venue-sim-errors.ts';
import type { VenueHost } from './rate-counts.ts';

/**
 * What a host may answer instead of the truth: a refusal, a page of HTML, the right answer late, truncated, with a cursor that
 * does not move or with a malformed row, or nothing at all on an open connection.
 */
type BadAnswerKind = (typeof KINDS)[number];

/** The requests to answer badly, and how. */
export type BadAnswerRequest = {
  host: VenueHost;
  /** A regular expression for the path below the host; default: any path. */
  path?: string;
  answer: BadAnswerKind;
  /** Number of requests; null or absent: all until cleared. */
  count?: number | null;
  /** Delay of a `slow` answer. */
  delayMs?: number;
  /** The `Retry-After` of `429-retry-after`. */
  retryAfterSeconds?: number;
};

/** One bad answer to give. */
export type BadAnswer = { kind: BadAnswerKind; host: VenueHost; delayMs: number; retryAfterSeconds: number };

/** The orders for bad answers. The oldest order that fits a request applies. */
export class BadAnswers {
  /** Number of bad answers given. */
  given = 0;
  #orders: Order[] = [];
  /** Requests without an answer; they end when the orders are cleared or the venue stops. */
  readonly #held = new Map<ServerResponse, VenueHost>();

  /** @throws {BadAnswerRequestError} The request is not valid. */
  order(request: BadAnswerRequest): void {
    const { host, path = '', answer, count = null, delayMs = 30_000, retryAfterSeconds = 1 } = request;
    if (!HOSTS.includes(host)) throw new BadAnswerRequestError(`'host' must be one of ${HOSTS.join(', ')}`);
    if (!KINDS.includes(answer)) throw new BadAnswerRequestError(`'answer' must be one of ${KINDS.join(', ')}`);
    if (count !== null && !(Number.isInteger(count) && count > 0)) {
      throw new BadAnswerRequestError("'count' must be a whole number above 0, or null");
    }
    if (!(delayMs >= 0 && delayMs <= DELAY_MS_MAX))
      throw new BadAnswerRequestError(`'delayMs' must be 0 to ${DELAY_MS_MAX}`);
    if (!(Number.isInteger(retryAfterSeconds) && retryAfterSeconds >= 0)) {
      throw new BadAnswerRequestError("'retryAfterSeconds' must be a whole number");
    }
    if (this.#orders.length >= ORDERS_MAX)
      throw new BadAnswerRequestError(`there are ${ORDERS_MAX} orders already; clear them first`);
    this.#orders.push({
      host,
      path: pattern(path),
      kind: answer,
      left: count ?? Number.POSITIVE_INFINITY,
      delayMs,
      retryAfterSeconds,
    });
  }

  /** Makes one host, or all, answer correctly again, and cuts off requests that still have no answer. */
  clear(host?: VenueHost): void {
    this.#orders = this.#orders.filter((order) => host !== undefined && order.host !== host);
    for (const [response, itsHost] of this.#held) if (host === undefined || itsHost === host) response.destroy();
  }

  /** The bad answer for this request; null for the correct one. */
  next(host: VenueHost, path: string, query: URLSearchParams): BadAnswer | null {
    const order = this.#orders.find(
      (candidate) =>
        candidate.host === host &&
        candidate.path.test(path) &&
        // Only a request with a cursor can get it back.
        (candidate.kind !== 'repeated-cursor' || cursorOf(query) !== null),
    );
    if (order === undefined) return null;
    this.given += 1;
    order.left -= 1;
    if (order.left === 0) this.#orders = this.#orders.filter((other) => other !== order);
    return order;
  }

  /** Keeps a request open without an answer. */
  hold(response: ServerResponse, host: VenueHost): void {
    this.#held.set(response, host);
    response.once('close', () => this.#held.delete(response));
  }
}

/** The cursor in a request for a page. */
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
    throw new BadAnswerRequestError(`'path' must be a regular expression: ${(error as Error).message}`);
  }
}
