import { describe, expect, onTestFinished, test } from 'vitest';
import { DataClient, type ResolutionBatch } from '../../src/data/data-client.ts';
import type { FailedBatch } from '../../src/http/in-batches.ts';
import { VenueHttp } from '../../src/http/venue-http.ts';
import { json, LocalRest, status } from '../http/local-rest.ts';
import { DEEP, jsonSample } from '../json-sample.ts';
import { RecordingLog } from '../recording.ts';

const { asked, answer } = jsonSample<{ asked: string[]; answer: { data: Record<string, unknown>[] } }>(
  'data-resolutions.json',
);
const { signal } = new AbortController();
const conditions = (count: number) =>
  Array.from({ length: count }, (_, index) => `0x${String(index).padStart(64, '0')}`);

async function aDataApi(answerTo: (ids: string[]) => Parameters<typeof LocalRest.start>[number]) {
  const rest = await LocalRest.answering(({ url }) => answerTo((url.searchParams.get('condition') ?? '').split(',')));
  onTestFinished(() => rest[Symbol.asyncDispose]());
  const http = new VenueHttp({ log: new RecordingLog(), backoffMsMin: 2, backoffMsMax: 5 });
  return { rest, client: new DataClient({ url: rest.url, http }) };
}

async function collected(batches: AsyncIterable<ResolutionBatch | FailedBatch>) {
  const answered: ResolutionBatch[] = [];
  const failed: FailedBatch['failed'][] = [];
  for await (const batch of batches) 'failed' in batch ? failed.push(batch.failed) : answered.push(batch);
  return { answered, failed };
}

describe('resolutions', () => {
  test('belong to the requested conditions, in the requested spelling', async () => {
    const { rest, client } = await aDataApi(() => json(answer));
    const { answered } = await collected(client.resolutions(asked, signal));
    expect(answered).toHaveLength(1);
    expect(answered[0]?.rows.map(({ conditionId }) => conditionId)).toEqual(asked.slice(0, 5));
    expect(answered[0]).toMatchObject({ unknown: asked.slice(5), bad: [] });
    expect(rest.requests[0]?.url.pathname).toBe('/v2/resolutions');
    expect(rest.requests[0]?.url.searchParams.getAll('condition')).toEqual([asked.join(',')]);
  });

  test('may come as a bare list or as null', async () => {
    const { client } = await aDataApi(() => json(answer.data));
    expect((await collected(client.resolutions(asked, signal))).answered[0]?.rows).toHaveLength(5);
    for (const nothing of [{ data: [] }, { data: null }, []]) {
      const { client } = await aDataApi(() => json(nothing));
      expect((await collected(client.resolutions(asked, signal))).answered[0]).toEqual({
        rows: [],
        unknown: asked,
        bad: [],
      });
    }
  });

  test('are requested 20 at a time', async () => {
    const { rest, client } = await aDataApi((ids) =>
      json({ data: ids.map((condition_id) => ({ ...answer.data[0], condition_id })) }),
    );
    const { answered } = await collected(client.resolutions(conditions(45), signal));
    expect(answered.flatMap(({ rows }) => rows)).toHaveLength(45);
    expect(rest.requests.map(({ url }) => url.searchParams.get('condition')?.split(',').length)).toEqual([20, 20, 5]);
  });

  test('may be several for one condition', async () => {
    const { client } = await aDataApi(() => json({ data: [answer.data[0], { ...answer.data[0], status: 'posed' }] }));
    const { answered } = await collected(client.resolutions(asked.slice(0, 1), signal));
    expect(answered[0]?.rows.map((row) => row.status)).toEqual(['resolved', 'posed']);
  });

  test('are kept if others are bad or were not requested', async () => {
    const odd = [
      ...[{ ...answer.data[1], payouts: [1, 2] }, { ...answer.data[2], condition_id: '0xabc' }, 7],
      { ...answer.data[3], payouts: [1, DEEP] },
    ];
    const { client } = await aDataApi(() => json({ data: [answer.data[0], ...odd] }));
    const { answered } = await collected(client.resolutions(asked.slice(0, 4), signal));
    expect(answered[0]).toMatchObject({
      rows: [{ conditionId: asked[0] }],
      unknown: [asked[2]],
      bad: [
        { id: asked[1], reason: 'payouts are 1 and 2, together neither 1000000 nor 0' },
        { id: '0xabc', reason: 'not requested' },
        { id: null, reason: 'the row is the number 7, not an object' },
        { id: asked[3], reason: 'nested too deeply' },
      ],
    });
  });

  test('of a failed batch are reported, and the others come', async () => {
    const [first] = conditions(1);
    const { client } = await aDataApi((ids) => (ids.includes(first ?? '') ? status(503) : json({ data: [] })));
    const { answered, failed } = await collected(client.resolutions(conditions(45), signal));
    expect(failed).toMatchObject([{ ids: conditions(20), error: { name: 'VenueUnavailableError' } }]);
    expect(answered.flatMap(({ unknown }) => unknown)).toHaveLength(25);
  });

  test.each([{}, { data: {} }, 'rows', { error: 'busy' }])('in the form %j are an unusable answer', async (body) => {
    const { client } = await aDataApi(() => json(body));
    const { failed } = await collected(client.resolutions(asked, signal));
    expect(failed).toMatchObject([{ error: { name: 'VenueAnswerError' } }]);
  });
});
