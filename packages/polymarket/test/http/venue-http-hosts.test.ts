import { describe, expect, test } from 'vitest';
import type { VenueHttp } from '../../src/http/venue-http.ts';
import { VenueThrottledError, VenueUnavailableError } from '../../src/venue-errors.ts';
import { aClient, aServer, failure } from './http-client.ts';
import { json, status } from './local-rest.ts';

describe('a request with a body', () => {
  const post = (http: VenueHttp, url: string, body: unknown, triesMax?: number) => {
    const { signal } = new AbortController();
    return http.postJson(new URL(url), body, { rules: [], signal, ...(triesMax === undefined ? {} : { triesMax }) });
  };

  test('is a POST of JSON and returns the parsed answer', async () => {
    const rest = await aServer(json([{ token_id: '1' }]));
    expect(await post(aClient().http, `${rest.url}/books`, [{ token_id: 'é' }])).toEqual([{ token_id: '1' }]);
    expect(rest.requests[0]).toMatchObject({
      method: 'POST',
      body: '[{"token_id":"é"}]',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
    });
  });

  test('is retried with the same body', async () => {
    const rest = await aServer(status(429), status(500), json([]));
    expect(await post(aClient().http, rest.url, ['a'])).toEqual([]);
    expect(rest.requests.map(({ body }) => body)).toEqual(Array(3).fill('["a"]'));
  });

  test('may have fewer attempts than configured', async () => {
    const rest = await aServer(status(500));
    expect(await failure(post(aClient().http, rest.url, [], 1))).toBeInstanceOf(VenueUnavailableError);
    expect(rest.requests).toHaveLength(1);
  });

  test('that the venue refuses fails with a quotation of the venue', async () => {
    const rest = await aServer(status(404, '{"error":"No orderbook exists"}', { 'content-type': 'application/json' }));
    const error = await failure(post(aClient().http, rest.url, []));
    expect(error).toMatchObject({ name: 'VenueAnswerError', status: 404, answer: '{"error":"No orderbook exists"}' });
  });
});

describe('two hosts', () => {
  test('have separate outages, each logged once', async () => {
    const well = await aServer(json({}));
    const ill = await aServer(status(502), status(502), json({}));
    const { get, log } = aClient({ backoffMsMin: 20, backoffMsMax: 20 });
    const asked = get(ill.url);
    await log.until(() => log.of('warn').length === 1);
    for (let count = 0; count < 3; count += 1) await get(well.url);
    await asked;
    expect(log.of('warn')).toHaveLength(1);
    expect(log.of('info').map(({ sentence }) => sentence)).toEqual([`${ill.host} answers again.`]);
  });

  test('are distinguished even if they share an address', async () => {
    const rest = await aServer(status(429, '', { 'retry-after': '3600' }), json({}));
    const { http } = aClient();
    const { signal } = new AbortController();
    const ask = (host: string) => http.getJson(new URL(rest.url), { host, rules: [], signal });
    expect(await failure(ask('gamma'))).toBeInstanceOf(VenueThrottledError);
    expect(await ask('clob')).toEqual({});
  });

  test('have separate limits: while one rests the other gets requests', async () => {
    const busy = await aServer(status(429, '', { 'retry-after': '3600' }));
    const free = await aServer(json({}));
    const { get } = aClient();
    expect(await failure(get(busy.url))).toBeInstanceOf(VenueThrottledError);
    expect(await get(free.url)).toEqual({});
  });
});

describe('a host that asks for a rest', () => {
  test('gets it from a request that was about to start as well, and after the last attempt', async () => {
    const rest = await aServer(status(429, '', { 'retry-after': '0.3' }), json({}));
    const { http } = aClient();
    const { signal } = new AbortController();
    const rules = [{ name: 'narrow', requestsMax: 10, windowMs: 1_000 }];
    const ask = () => http.getJson(new URL(rest.url), { rules, signal, triesMax: 1 });
    // The second request is due 167 ms later, while the venue wants rest.
    const [first, second] = [failure(ask()), ask()];
    expect(await first).toBeInstanceOf(VenueThrottledError);
    await second;
    const [refusedAt = 0, answeredAt = 0] = rest.requests.map(({ atMs }) => atMs);
    expect(answeredAt - refusedAt).toBeGreaterThanOrEqual(290);
  });
});
