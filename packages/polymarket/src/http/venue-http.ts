import { setTimeout as delay } from 'node:timers/promises';
import { type Log, OutageNotice } from '@polytape/types';
import { excerpt } from '../excerpt.ts';
import {
  isVenueError,
  VenueAnswerError,
  type VenueError,
  VenueRefusedError,
  VenueThrottledError,
  VenueUnavailableError,
} from '../venue-errors.ts';
import { backoffMs } from './backoff-ms.ts';
import { placeOf } from './http-url.ts';
import { networkCause } from './network-cause.ts';
import { RATE_RULES, RateLimiter, type RateRule } from './rate-limiter.ts';
import { retryAfterMs } from './retry-after.ts';

export type VenueHttpOptions = {
  log: Log;
  /** Longest wait for the status line, connecting included. */
  answerTimeoutMs?: number;
  /** Longest wait for the whole answer. */
  totalTimeoutMs?: number;
  bodyBytesMax?: number;
  /** Tries of one request, the first included. */
  triesMax?: number;
  backoffMsMin?: number;
  backoffMsMax?: number;
  /** A longer `Retry-After` is not waited for: the error goes to the caller. */
  retryAfterMsMax?: number;
  random?: () => number;
};

export type VenueRequest = {
  /**
   * Which of the venue's hosts it is in fact, where several have one address (a relay, the simulated venue): each has
   * limits, rests and outages of its own. Default: the address.
   */
  host?: string;
  /** The venue's limits that count this request, beside the one for all hosts. */
  rules: readonly RateRule[];
  signal: AbortSignal;
  /** Tries of this request, where another will be made soon anyway; else as configured. */
  triesMax?: number;
};

/** Counts since the beginning. */
export type VenueHttpStats = { requests: number; retries: number; throttled: number; refused: number; failed: number };

/**
 * Reads JSON from the venue's REST hosts: below their rate limits, with timeouts, and with a bounded number of tries.
 *
 * The tries are made in here and not by the jobs, so that a scan of many pages survives a 429 or 500 in its middle
 * without starting over. What is refused for good (403, other 4xx) is not tried again.
 */
export class VenueHttp {
  readonly #log: Log;
  readonly #limits: Required<Omit<VenueHttpOptions, 'log' | 'random'>>;
  readonly #random: () => number;
  /** What the venue counts over all its hosts. */
  readonly #allHosts = new RateLimiter();
  /** One for each that is configured. */
  readonly #hosts = new Map<string, HostState>();
  readonly #counts: VenueHttpStats = { requests: 0, retries: 0, throttled: 0, refused: 0, failed: 0 };

  constructor(options: VenueHttpOptions) {
    const { log, random, ...limits } = options;
    this.#log = log;
    this.#random = random ?? Math.random;
    this.#limits = {
      answerTimeoutMs: 15_000,
      totalTimeoutMs: 60_000,
      bodyBytesMax: 32 * 1024 * 1024,
      triesMax: 6,
      backoffMsMin: 1_000,
      backoffMsMax: 30_000,
      retryAfterMsMax: 120_000,
      ...limits,
    };
  }

  /**
   * The parsed body of a GET. `rules` are the venue's limits that count this request.
   *
   * @throws {VenueRefusedError} 403 or 451: not tried again.
   * @throws {VenueThrottledError} 429 to the last try, or the rest it asks for is too long.
   * @throws {VenueUnavailableError} Network, timeout or 5xx at the last try.
   * @throws {VenueAnswerError} Another 4xx, which is not tried again; or at the last try no JSON, or too much of it.
   * @throws The signal's reason, when it aborts.
   */
  async getJson(url: URL, options: VenueRequest): Promise<unknown> {
    return await this.#tried(url, undefined, options);
  }

  /** The parsed answer to a POST of `body` as JSON. Only for routes that read: a try may reach the venue twice. @throws as `getJson`. */
  async postJson(url: URL, body: unknown, options: VenueRequest): Promise<unknown> {
    return await this.#tried(url, JSON.stringify(body), options);
  }

  async #tried(url: URL, body: string | undefined, options: VenueRequest): Promise<unknown> {
    const { signal, triesMax = this.#limits.triesMax } = options;
    const host = this.#host(options.host ?? url.host);
    const { limiter, outage } = host;
    for (let failures = 0; ; ) {
      await this.#turn(limiter, options.rules, signal);
      try {
        const answer = await this.#ask(url, body, signal);
        host.trouble = null;
        if (outage.recovered()) this.#log.info({ host: url.host }, `${url.host} answers again.`);
        return answer;
      } catch (error) {
        signal.throwIfAborted();
        if (!isVenueError(error)) throw error;
        this.#count(error);
        host.trouble = error.message;
        failures += 1;
        const askedMs = 'retryAfterMs' in error ? (error.retryAfterMs ?? 0) : 0;
        const isLast = failures >= triesMax || askedMs > this.#limits.retryAfterMsMax;
        const waitMs = Math.max(Math.min(askedMs, this.#limits.retryAfterMsMax), this.#backoffMs(failures));
        // Also after the last try: what is asked next must not find the venue still wanting rest.
        if (error instanceof VenueThrottledError) limiter.holdUntil(performance.now() + waitMs);
        if (error.disposition !== 'retry' || isLast) throw error;
        this.#counts.retries += 1;
        const { say } = outage.failed(error.message, performance.now());
        this.#log[say ? 'warn' : 'debug'](
          { host: error.host, path: error.path, failures, waitMs, isVenueAway: error instanceof VenueUnavailableError },
          `${error.message}. Trying again in ${(waitMs / 1_000).toFixed(1)} s.`,
        );
        await rest(waitMs, signal);
      }
    }
  }

  /** Waits until the limits allow one more, and for those that were about to begin when the venue wanted rest, once more. */
  async #turn(limiter: RateLimiter, rules: readonly RateRule[], signal: AbortSignal): Promise<void> {
    do {
      const nowMs = performance.now();
      const waitMs = limiter.reserve(rules, nowMs);
      await rest(Math.max(waitMs, this.#allHosts.reserve([RATE_RULES.allHosts], nowMs)), signal);
    } while (limiter.isHeld(performance.now()));
  }

  /** Why the last request to a host, as requests name it, had no answer of use; null when it had, or there was none. */
  troubleOf(host: string): string | null {
    return this.#hosts.get(host)?.trouble ?? null;
  }

  stats(): VenueHttpStats {
    return { ...this.#counts };
  }

  async #ask(url: URL, body: string | undefined, signal: AbortSignal): Promise<unknown> {
    const at = placeOf(url);
    const ending = new AbortController();
    const abort = () => ending.abort(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    const expire = (ms: number) => setTimeout(() => ending.abort(new TimeoutReached(`timed out after ${ms} ms`)), ms);
    const total = expire(this.#limits.totalTimeoutMs);
    const answer = expire(this.#limits.answerTimeoutMs);
    this.#counts.requests += 1;
    try {
      const { address, headers } = request(url);
      const method = body === undefined ? { headers } : { method: 'POST', body, headers: { ...headers, ...JSON_BODY } };
      const response = await fetch(address, { ...method, signal: ending.signal });
      clearTimeout(answer);
      if (!response.ok) throw await refusal(at, response);
      return await this.#readJson(at, response);
    } catch (error) {
      if (isVenueError(error)) throw error;
      throw new VenueUnavailableError(at, networkCause(error), { cause: error });
    } finally {
      clearTimeout(total);
      clearTimeout(answer);
      signal.removeEventListener('abort', abort);
      // Lets go of a body that was not read to its end; without effect on one that was.
      ending.abort();
    }
  }

  async #readJson(at: { host: string; path: string }, response: Response): Promise<unknown> {
    const { status } = response;
    const type = response.headers.get('content-type') ?? '';
    if (type !== '' && !/json/i.test(type)) {
      const text = await readText(response, EXPLANATION_BYTES_MAX);
      throw new VenueAnswerError(at, `${excerpt(type, 60)} where JSON was expected${quoted(text.text)}`, { status });
    }
    const { text, isWhole } = await readText(response, this.#limits.bodyBytesMax);
    if (!isWhole) throw new VenueAnswerError(at, `more than ${this.#limits.bodyBytesMax} bytes`, { status });
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new VenueAnswerError(at, `malformed JSON of ${text.length} characters${quoted(text)}`, { status, cause });
    }
  }

  #host(host: string): HostState {
    const state = this.#hosts.get(host) ?? { limiter: new RateLimiter(), outage: new OutageNotice(), trouble: null };
    this.#hosts.set(host, state);
    return state;
  }

  #backoffMs(failures: number): number {
    const { backoffMsMin: minMs, backoffMsMax: maxMs } = this.#limits;
    return backoffMs({ failures, minMs, maxMs, random: this.#random() });
  }

  #count(error: VenueError): void {
    if (error instanceof VenueThrottledError) this.#counts.throttled += 1;
    else if (error instanceof VenueRefusedError) this.#counts.refused += 1;
    else this.#counts.failed += 1;
  }
}

/** What all requests to one host share. An outage is told once a minute, not at each try, and of each host apart. */
type HostState = { limiter: RateLimiter; outage: OutageNotice; trouble: string | null };

/** Ours, and so its message is the cause. */
class TimeoutReached extends Error {
  override readonly name = 'TimeoutReached';
}

/** fetch refuses a URL with credentials in it, so they go where they belong. */
function request(url: URL): { address: URL; headers: Record<string, string> } {
  const headers: Record<string, string> = { accept: 'application/json', 'user-agent': 'polytape' };
  if (url.username === '' && url.password === '') return { address: url, headers };
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  headers.authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
  const address = new URL(url);
  address.username = '';
  address.password = '';
  return { address, headers };
}

async function refusal(at: { host: string; path: string }, response: Response): Promise<VenueError> {
  const { status } = response;
  const text = await readText(response, EXPLANATION_BYTES_MAX).then(
    (read) => read.text,
    // The status says enough; how its explanation broke off does not matter.
    () => '',
  );
  const askedMs = retryAfterMs(response.headers.get('retry-after'), Date.now());
  if (status === 403 || status === 451) return new VenueRefusedError(at, status, explanation(text));
  if (status === 429) return new VenueThrottledError(at, askedMs);
  if (status >= 500 || status === 408 || status === 425) {
    return new VenueUnavailableError(at, `answered ${status}${quoted(text)}`, { retryAfterMs: askedMs });
  }
  const answer = explanation(text);
  return new VenueAnswerError(at, `answered ${status}${quoted(text)}`, { status, disposition: 'stop', answer });
}

/** The body as text, as far as `bytesMax`. */
async function readText(response: Response, bytesMax: number): Promise<{ text: string; isWhole: boolean }> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes > bytesMax) return { text: decoded(chunks).slice(0, bytesMax), isWhole: false };
  }
  return { text: decoded(chunks), isWhole: true };
}

function decoded(chunks: Uint8Array[]): string {
  return new TextDecoder().decode(Buffer.concat(chunks));
}

function quoted(text: string): string {
  const words = explanation(text);
  return words === '' ? '' : `: ${words}`;
}

/** What a body says, in a few words: the title of an HTML page, else its beginning. */
function explanation(text: string): string {
  const title = /<title[^>]*>([^<]{1,200})/i.exec(text)?.[1];
  return excerpt((title ?? text.replace(/<[^>]*>/g, ' ')).trim(), 120);
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await delay(ms, undefined, { signal }).catch(() => {});
  signal.throwIfAborted();
}

const JSON_BODY = { 'content-type': 'application/json' };
/** Enough of an error page to find its title. */
const EXPLANATION_BYTES_MAX = 16 * 1024;
