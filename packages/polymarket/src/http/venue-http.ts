import { backoffMs, FailureLog, type Log, rest } from '@polytape/resilience';
import { excerpt } from '../excerpt.ts';
import {
  isVenueError,
  VenueAnswerError,
  type VenueError,
  VenueRefusedError,
  VenueThrottledError,
  VenueUnavailableError,
} from '../venue-errors.ts';
import { placeOf } from './http-url.ts';
import { networkCause } from './network-cause.ts';
import { RATE_RULES, RateLimiter, type RateRule } from './rate-limiter.ts';
import { retryAfterMs } from './retry-after.ts';

export type VenueHttpOptions = {
  log: Log;
  /** Longest wait for the status line, including the connection. */
  answerTimeoutMs?: number;
  /** Longest wait for the whole answer. */
  totalTimeoutMs?: number;
  bodyBytesMax?: number;
  /** Attempts for one request, including the first. */
  triesMax?: number;
  backoffMsMin?: number;
  backoffMsMax?: number;
  random?: () => number;
};

export type VenueRequest = {
  /**
   * The venue's host behind the address, if several share one (a relay, the simulated venue). Each host has limits, rests
   * and outages of its own. Default: the address.
   */
  host?: string;
  /** The venue's limits for this request, besides the one for all hosts. */
  rules: readonly RateRule[];
  signal: AbortSignal;
  /** Attempts for this request; by default as configured. */
  triesMax?: number;
};

/** Counts since the start. */
export type VenueHttpStats = { requests: number; retries: number; throttled: number; refused: number; failed: number };

/**
 * Reads JSON from the venue's REST hosts, below their rate limits, with timeouts and a bounded number of attempts.
 *
 * Retrying happens here and not in the jobs, so that a scan of many pages survives a 429 or 500 without starting over. 403
 * and other final refusals (4xx) are not retried.
 */
export class VenueHttp {
  readonly #log: Log;
  readonly #limits: Required<Omit<VenueHttpOptions, 'log' | 'random'>>;
  readonly #random: () => number;
  /** The limit over all hosts. */
  readonly #allHosts = new RateLimiter();
  /** By the name of the host in requests. */
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
      ...limits,
    };
  }

  /**
   * The parsed body of a GET.
   *
   * @throws {VenueRefusedError} 403 or 451; not retried.
   * @throws {VenueThrottledError} 429 at the last attempt, or with too long a `Retry-After`.
   * @throws {VenueUnavailableError} Network error, timeout or 5xx at the last attempt.
   * @throws {VenueAnswerError} Another 4xx, which is not retried; or invalid or oversized JSON at the last attempt.
   * @throws The signal's reason, when it aborts.
   */
  async getJson(url: URL, options: VenueRequest): Promise<unknown> {
    return await this.#tried(url, undefined, options);
  }

  /** The parsed answer to a POST of `body` as JSON. Only for routes without side effects, because of retries. @throws as `getJson`. */
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
        outage.recovered({ host: url.host }, `${url.host} answers again.`);
        return answer;
      } catch (error) {
        signal.throwIfAborted();
        if (!isVenueError(error)) throw error;
        this.#count(error);
        host.trouble = error.message;
        failures += 1;
        const askedMs = 'retryAfterMs' in error ? (error.retryAfterMs ?? 0) : 0;
        const isLast = failures >= triesMax || askedMs > RETRY_AFTER_MS_MAX;
        const waitMs = Math.max(Math.min(askedMs, RETRY_AFTER_MS_MAX), this.#backoffMs(failures));
        // Also after the last attempt, because the next request must respect the rest as well.
        if (error instanceof VenueThrottledError) limiter.holdUntil(performance.now() + waitMs);
        if (error.disposition !== 'retry' || isLast) throw error;
        this.#counts.retries += 1;
        outage.failed(
          error.message,
          { host: error.host, path: error.path, failures, waitMs, isVenueAway: error instanceof VenueUnavailableError },
          `${error.message}. Trying again in ${(waitMs / 1_000).toFixed(1)} s.`,
        );
        await rest(waitMs, signal);
        signal.throwIfAborted();
      }
    }
  }

  /** Waits until the limits allow another request, and again if the venue asked for a rest meanwhile. */
  async #turn(limiter: RateLimiter, rules: readonly RateRule[], signal: AbortSignal): Promise<void> {
    do {
      const nowMs = performance.now();
      const waitMs = limiter.reserve(rules, nowMs);
      const restMs = Math.max(waitMs, this.#allHosts.reserve([RATE_RULES.allHosts], nowMs));
      if (restMs > 0) await rest(restMs, signal);
      signal.throwIfAborted();
    } while (limiter.isHeld(performance.now()));
  }

  /** Why the last request to this host failed; null if it succeeded or there was none. */
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
      // Releases a body that was not read to its end.
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
    const outage = new FailureLog(this.#log);
    const state = this.#hosts.get(host) ?? { limiter: new RateLimiter(), outage, trouble: null };
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

/** The state shared by all requests to one host. Each host logs its outages separately, at most once a minute. */
type HostState = { limiter: RateLimiter; outage: FailureLog; trouble: string | null };

/** A timeout of our own, whose message is the cause. */
class TimeoutReached extends Error {
  override readonly name = 'TimeoutReached';
}

/** fetch refuses a URL with credentials, so they go into a header. */
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
    // The status is enough; it does not matter how its explanation broke off.
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

/** The body as text, up to `bytesMax` bytes. */
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

/** A body in a few words: the title of an HTML page, or else its first line. */
function explanation(text: string): string {
  const title = /<title[^>]*>([^<]{1,200})/i.exec(text)?.[1];
  return excerpt((title ?? text.replace(/<[^>]*>/g, ' ')).trim(), 120);
}

/** A longer `Retry-After` is not waited for; the caller gets the error. */
const RETRY_AFTER_MS_MAX = 120_000;
const JSON_BODY = { 'content-type': 'application/json' };
/** Enough to find the title of an error page. */
const EXPLANATION_BYTES_MAX = 16 * 1024;
