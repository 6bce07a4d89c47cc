import { describe, expect, test } from 'vitest';
import {
  VenueAnswerError,
  VenueRefusedError,
  VenueThrottledError,
  VenueUnavailableError,
} from '../../src/venue-errors.ts';
import { unusedPort } from '../channel/local-venue.ts';
import { aClient, aServer, failure } from './http-client.ts';
import { json, status } from './local-rest.ts';

const CLOUDFLARE = `<!DOCTYPE html><html><head><title>Attention Required! | Cloudflare</title></head>
<body><h1>Sorry, you have been blocked</h1></body></html>`;

describe('a request', () => {
  test('returns the parsed JSON', async () => {
    const rest = await aServer(json({ markets: ['é'] }));
    const { get, http } = aClient();
    expect(await get(`${rest.url}/markets?limit=1`)).toEqual({ markets: ['é'] });
    expect(rest.requests[0]).toMatchObject({ headers: { accept: 'application/json', 'user-agent': 'polytape' } });
    expect(http.stats()).toEqual({ requests: 1, retries: 0, throttled: 0, refused: 0, failed: 0 });
  });

  test('accepts an answer without a content type', async () => {
    const rest = await aServer((response) => response.end('[1]'));
    expect(await aClient().get(rest.url)).toEqual([1]);
  });

  test('sends the credentials of its address in a header, and shows them in no message', async () => {
    const rest = await aServer(json({}), status(500));
    const { get } = aClient({ triesMax: 1 });
    const address = rest.url.replace('//', '//reader:p%40ss@');
    await get(address);
    const authorization = `Basic ${Buffer.from('reader:p@ss').toString('base64')}`;
    expect(rest.requests[0]?.headers).toMatchObject({ authorization });
    const error = await failure(get(`${address}/markets?secret=1`));
    expect(error.message).toBe(`${rest.host} is unavailable for /markets: answered 500`);
  });

  test('survives a 429 and a 500', async () => {
    const rest = await aServer(status(429), status(500, 'oops'), json({ page: 1 }));
    const { get, http, log } = aClient();
    expect(await get(`${rest.url}/markets`)).toEqual({ page: 1 });
    expect(http.stats()).toMatchObject({ requests: 3, retries: 2, throttled: 1, failed: 1 });
    expect(log.of('warn').map(({ sentence }) => sentence)).toEqual([
      `${rest.host} throttled /markets (429). Trying again in 0.0 s.`,
      `${rest.host} is unavailable for /markets: answered 500: oops. Trying again in 0.0 s.`,
    ]);
  });

  test('waits for Retry-After, and so do all other requests to that host', async () => {
    const rest = await aServer(status(429, '', { 'retry-after': '0.3' }), json({}));
    const { get, log } = aClient();
    const first = get(rest.url);
    await log.until(() => log.of('warn').length === 1);
    await Promise.all([first, get(rest.url)]);
    const [asked, ...others] = rest.requests.map(({ atMs }) => atMs);
    for (const atMs of others) expect(atMs - (asked ?? 0)).toBeGreaterThanOrEqual(290);
    expect(others).toHaveLength(2);
  });

  test('accepts Retry-After as a date', async () => {
    const inAnHour = new Date(Date.now() + 3_600_000).toUTCString();
    const rest = await aServer(status(429, '', { 'retry-after': inAnHour }));
    const error = await failure(aClient().get(rest.url));
    expect(error).toBeInstanceOf(VenueThrottledError);
    expect((error as VenueThrottledError).retryAfterMs).toBeGreaterThan(3_590_000);
    // Far longer than the maximum wait.
    expect(rest.requests).toHaveLength(1);
  });

  test('fails with the last error after its attempts', async () => {
    const rest = await aServer(status(429), status(503));
    const error = await failure(aClient().get(`${rest.url}/markets`));
    expect(error).toBeInstanceOf(VenueUnavailableError);
    expect(error).toMatchObject({ disposition: 'retry', host: rest.host, path: '/markets', reason: 'answered 503' });
    expect(rest.requests).toHaveLength(3);
  });
});

describe('a refusal', () => {
  test('with 403 names geoblocking and is not retried', async () => {
    const rest = await aServer(status(403, CLOUDFLARE, { 'content-type': 'text/html' }));
    const { get, http } = aClient();
    const error = await failure(get(`${rest.url}/markets/keyset`));
    expect(error).toBeInstanceOf(VenueRefusedError);
    expect(error.message).toBe(
      `${rest.host} refused /markets/keyset (403, Attention Required! | Cloudflare): this machine's address is probably geoblocked`,
    );
    expect(error).toMatchObject({ disposition: 'stop', operatorAction: expect.stringContaining('geoblocking') });
    expect(rest.requests).toHaveLength(1);
    expect(http.stats().refused).toBe(1);
  });

  test('for legal reasons (451) is treated like a 403', async () => {
    const rest = await aServer(status(451));
    expect(await failure(aClient().get(rest.url))).toBeInstanceOf(VenueRefusedError);
  });

  test('of the request itself is not retried and quotes the venue', async () => {
    const rest = await aServer(
      status(422, '{"error":"offset is not allowed"}', { 'content-type': 'application/json' }),
    );
    const error = await failure(aClient().get(`${rest.url}/markets`));
    expect(error).toBeInstanceOf(VenueAnswerError);
    expect(error).toMatchObject({ disposition: 'stop', status: 422 });
    expect(error.message).toContain('answered 422: {"error":"offset is not allowed"}');
    expect(rest.requests).toHaveLength(1);
  });
});

describe('an answer', () => {
  test.each([
    [
      'HTML where JSON was expected',
      status(200, CLOUDFLARE, { 'content-type': 'text/html; charset=UTF-8' }),
      'text/html; charset=UTF-8 where JSON was expected: Attention Required! | Cloudflare',
    ],
    [
      'plain text',
      status(200, 'error code: 1015', { 'content-type': 'text/plain' }),
      'text/plain where JSON was expected: error code: 1015',
    ],
    [
      'malformed JSON',
      status(200, '{"markets":[', { 'content-type': 'application/json' }),
      'malformed JSON of 12 characters: {"markets":[',
    ],
    ['no body', status(200, '', { 'content-type': 'application/json' }), 'malformed JSON of 0 characters'],
    ['more bytes than are taken', json('x'.repeat(2_000)), 'more than 1000 bytes'],
  ])('of %s is unusable and requested again', async (_what, answer, words) => {
    const rest = await aServer(answer);
    const error = await failure(aClient({ bodyBytesMax: 1_000 }).get(`${rest.url}/markets`));
    expect(error).toBeInstanceOf(VenueAnswerError);
    expect(error).toMatchObject({ disposition: 'retry', host: rest.host, path: '/markets' });
    expect(error.message).toContain(words);
    expect(rest.requests).toHaveLength(3);
  });

  test('that breaks off is requested again', async () => {
    const rest = await aServer(
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
        response.write('{"markets":');
        setImmediate(() => response.destroy());
      },
      json({ whole: true }),
    );
    expect(await aClient().get(rest.url)).toEqual({ whole: true });
  });

  test('may take longer for its body than for its headers', async () => {
    const rest = await aServer((response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write('{"late":');
      setTimeout(() => response.end('true}'), 250);
    });
    expect(await aClient({ answerTimeoutMs: 200, triesMax: 1 }).get(rest.url)).toEqual({ late: true });
  });

  test('that never starts times out', async () => {
    const rest = await aServer(() => {});
    const error = await failure(aClient({ answerTimeoutMs: 50, triesMax: 2 }).get(`${rest.url}/markets`));
    expect(error).toBeInstanceOf(VenueUnavailableError);
    expect(error).toMatchObject({ reason: 'timed out after 50 ms' });
    expect(rest.requests).toHaveLength(2);
  });

  test('that never ends times out', async () => {
    const rest = await aServer((response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write('{"markets":');
    });
    const error = await failure(aClient({ answerTimeoutMs: 10_000, totalTimeoutMs: 100, triesMax: 1 }).get(rest.url));
    expect(error).toMatchObject({ name: 'VenueUnavailableError', reason: 'timed out after 100 ms' });
  });
});

describe('a host', () => {
  test('without a listener is unavailable: connection refused', async () => {
    const port = await unusedPort();
    const error = await failure(aClient().get(`http://127.0.0.1:${port}/markets`));
    expect(error).toBeInstanceOf(VenueUnavailableError);
    expect(error.message).toBe(`127.0.0.1:${port} is unavailable for /markets: connection refused`);
    expect(error.cause).toBeInstanceOf(Error);
  });

  test('with an unknown name is unavailable: not found', async () => {
    const error = await failure(aClient({ triesMax: 1 }).get('http://venue.invalid/markets'));
    expect(error.message).toMatch(/^venue\.invalid is unavailable for \/markets: host not found/);
  });

  test('gets requests no faster than its rules allow', async () => {
    const rest = await aServer(json({}));
    const { http } = aClient();
    const rules = [{ name: 'narrow', requestsMax: 100, windowMs: 1_000 }];
    const { signal } = new AbortController();
    await Promise.all(Array.from({ length: 20 }, () => http.getJson(new URL(rest.url), { rules, signal })));
    const times = rest.requests.map(({ atMs }) => atMs).toSorted((a, b) => a - b);
    // Ten at once, and the other ten 1/60 s apart.
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(120);
  });
});

describe('stopping', () => {
  test('aborts a request that waits for its answer', async () => {
    const stop = new AbortController();
    const rest = await aServer(() => stop.abort(new Error('stopping')));
    expect(await failure(aClient().get(rest.url, stop.signal))).toMatchObject({ message: 'stopping' });
  });

  test('ends the wait before a retry', async () => {
    const stop = new AbortController();
    const rest = await aServer(status(500));
    const { get, log } = aClient({ backoffMsMin: 60_000, backoffMsMax: 60_000 });
    const pending = failure(get(rest.url, stop.signal));
    await log.until(() => log.of('warn').length === 1);
    stop.abort(new Error('stopping'));
    expect(await pending).toMatchObject({ message: 'stopping' });
    expect(rest.requests).toHaveLength(1);
  });

  test('before the start sends no request', async () => {
    const rest = await aServer(json({}));
    expect(await failure(aClient().get(rest.url, AbortSignal.abort(new Error('stopping'))))).toMatchObject({
      message: 'stopping',
    });
    expect(rest.requests).toHaveLength(0);
  });
});
