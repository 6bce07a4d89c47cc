import { describe, expect, test } from 'vitest';
import { type FailedBatch, inBatches } from '../../src/http/in-batches.ts';
import { VenueAnswerError, VenueRefusedError, VenueUnavailableError } from '../../src/venue-errors.ts';

const AT = { host: 'venue.invalid', path: '/books' };
const away = () => new VenueUnavailableError(AT, 'answered 502');
const tooLong = () => new VenueAnswerError(AT, 'answered 400', { status: 400, disposition: 'stop' });
const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(index));

type Ask = (ids: string[], signal: AbortSignal) => Promise<string[]>;

function run(ids: string[], ask: Ask, options: { idsMax?: number; atOnceMax?: number; signal?: AbortSignal } = {}) {
  const { idsMax = 3, atOnceMax = 2, signal = new AbortController().signal } = options;
  return inBatches(ids, { idsMax, atOnceMax, signal, ask });
}

async function collected(batches: AsyncIterable<string[] | FailedBatch>) {
  const answered: string[] = [];
  const failed: string[][] = [];
  let error: unknown = null;
  try {
    for await (const batch of batches) 'failed' in batch ? failed.push(batch.failed.ids) : answered.push(...batch);
  } catch (thrown) {
    error = thrown;
  }
  return { answered: answered.toSorted((a, b) => Number(a) - Number(b)), failed, error };
}

describe('batches', () => {
  test('cover every id once, within the limits of size and number at a time', async () => {
    const sizes: number[] = [];
    let atOnce = 0;
    let most = 0;
    const ask: Ask = async (ids) => {
      sizes.push(ids.length);
      atOnce += 1;
      most = Math.max(most, atOnce);
      await new Promise(setImmediate);
      atOnce -= 1;
      return ids;
    };
    const { answered } = await collected(run([...numbers(10), '3', '4'], ask, { atOnceMax: 3 }));
    expect(answered).toEqual(numbers(10));
    expect(sizes).toEqual([3, 3, 3, 1]);
    expect(most).toBe(3);
  });

  test('of no ids send no request', async () => {
    expect(await collected(run([], () => Promise.reject(away())))).toEqual({ answered: [], failed: [], error: null });
  });

  test('come as they are answered, so that a slow one does not delay the others', async () => {
    const slow = Promise.withResolvers<void>();
    const ask: Ask = async (ids) => {
      if (ids.includes('0')) await slow.promise;
      return ids;
    };
    const batches = run(numbers(9), ask);
    expect((await batches.next()).value).toEqual(['3', '4', '5']);
    expect((await batches.next()).value).toEqual(['6', '7', '8']);
    slow.resolve();
    expect((await batches.next()).value).toEqual(['0', '1', '2']);
  });

  test('continue when one of them fails', async () => {
    const ask: Ask = (ids) => (ids.includes('4') ? Promise.reject(away()) : Promise.resolve(ids));
    const { answered, failed, error } = await collected(run(numbers(9), ask));
    expect(answered).toEqual(['0', '1', '2', '6', '7', '8']);
    expect(failed).toEqual([['3', '4', '5']]);
    expect(error).toBeNull();
  });

  test('end when three in a row have failed', async () => {
    const asked: string[][] = [];
    const ask: Ask = (ids) => {
      asked.push(ids);
      return Promise.reject(away());
    };
    const { failed, error } = await collected(run(numbers(30), ask, { atOnceMax: 1 }));
    expect(failed).toHaveLength(3);
    expect(error).toBeInstanceOf(VenueUnavailableError);
    expect(asked).toHaveLength(3);
  });

  test('do not end when failures are not consecutive', async () => {
    const ask: Ask = (ids) => (Number(ids[0]) % 6 === 0 ? Promise.reject(away()) : Promise.resolve(ids));
    const { failed, error } = await collected(run(numbers(60), ask, { atOnceMax: 1 }));
    expect(failed).toHaveLength(10);
    expect(error).toBeNull();
  });

  test('end at once when the venue refuses the client', async () => {
    const refused = new VenueRefusedError(AT, 403, '');
    const { failed, error } = await collected(run(numbers(30), () => Promise.reject(refused)));
    expect(failed).toEqual([]);
    expect(error).toBe(refused);
  });

  test('end at once because of a bug', async () => {
    const { error } = await collected(run(numbers(3), () => Promise.reject(new TypeError('a bug'))));
    expect(error).toEqual(new TypeError('a bug'));
  });
});

describe('a batch that is refused as a request', () => {
  test('is halved until only the bad id is left', async () => {
    const ask: Ask = (ids) => (ids.includes('37') ? Promise.reject(tooLong()) : Promise.resolve(ids));
    const { answered, failed, error } = await collected(run(numbers(100), ask, { idsMax: 50 }));
    expect(answered).toEqual(numbers(100).filter((id) => id !== '37'));
    expect(failed).toEqual([['37']]);
    expect(error).toBeNull();
  });

  test('is not halved forever', async () => {
    let requests = 0;
    const ask: Ask = () => {
      requests += 1;
      return Promise.reject(tooLong());
    };
    const { failed } = await collected(run(numbers(1_000), ask, { idsMax: 500 }));
    expect(requests).toBeLessThan(100);
    expect(failed.flat().toSorted()).toEqual(numbers(1_000).toSorted());
  });

  test('is not halved when the route does not exist', async () => {
    const missing = new VenueAnswerError(AT, 'answered 404', { status: 404, disposition: 'stop' });
    const { failed } = await collected(run(numbers(3), () => Promise.reject(missing)));
    expect(failed).toEqual([numbers(3)]);
  });
});

describe('leaving batches early', () => {
  test('aborts the running requests', async () => {
    const ends: AbortSignal[] = [];
    const ask: Ask = async (ids, signal) => {
      ends.push(signal);
      if (ids.includes('0')) return ids;
      return await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    };
    for await (const batch of run(numbers(9), ask)) if (!('failed' in batch)) break;
    expect(ends).toHaveLength(2);
    expect(ends.every(({ aborted }) => aborted)).toBe(true);
  });

  test('by the signal throws its reason', async () => {
    const stop = new AbortController();
    const ask: Ask = (ids, signal) =>
      ids.includes('0')
        ? Promise.resolve(ids)
        : new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    const batches = run(numbers(9), ask, { signal: stop.signal });
    await batches.next();
    stop.abort(new Error('stopping'));
    await expect(batches.next()).rejects.toThrow('stopping');
    await expect(run(['1'], ask, { signal: stop.signal }).next()).rejects.toThrow('stopping');
  });
});
