import { describe, expect, test } from 'vitest';
import { type IngestorPresence, presenceFault } from '../../src/index.ts';

const whole: IngestorPresence = {
  ...{ startedAtMs: 1, state: 'active', capacity: 10 },
  shards: {
    0: { state: 'covered', version: 3, missing: ['12'] },
    1: { state: 'releasing', version: 1, releasingSince: null },
    2: { state: 'opening', version: 1, dumpTooLarge: true, lacking: 'all' },
    3: { state: 'covered', version: 1, lacking: ['12', '13'] },
  },
};
const withService = (service: unknown) => ({ ...whole, shards: { 0: service } });

describe('a value of the bucket ingestors', () => {
  test('is accepted when it is a presence, also with unknown fields', () => {
    expect(presenceFault(whole)).toBeNull();
    expect(presenceFault({ ...whole, shards: {}, zone: 'b' })).toBeNull();
  });

  test.each<[string, unknown, RegExp]>([
    ['null', null, /^it is null$/],
    ['a number', 5, /^it is 5$/],
    ['an empty object', {}, /startedAtMs is missing/],
    ['a presence in an unknown state', { ...whole, state: 'away' }, /state is "away"/],
    ['a presence without a capacity', { ...whole, capacity: undefined }, /capacity is missing/],
    ['a presence with a capacity in words', { ...whole, capacity: '10' }, /capacity is "10"/],
    ['a presence with a negative capacity', { ...whole, capacity: -10 }, /capacity is -10/],
    ['a presence without shards', { ...whole, shards: undefined }, /shards is missing/],
    ['a presence whose shards are null', { ...whole, shards: null }, /shards is null/],
    ['a presence with a service that is null', withService(null), /of shard 0 the service is null/],
    ['a presence with a service in a word', withService('covered'), /of shard 0 the service is "covered"/],
    ['a presence with a service without a version', withService({ state: 'covered' }), /the version is missing/],
    [
      'a presence with a number of missing tokens',
      withService({ state: 'covered', version: 1, missing: 5 }),
      /missing is 5/,
    ],
    [
      'a presence whose lacking tokens are not token ids',
      withService({ state: 'covered', version: 1, lacking: ['x'] }),
      /lacking is \["x"\]/,
    ],
    [
      'a presence with a number for dumpTooLarge',
      withService({ state: 'covered', version: 1, dumpTooLarge: 5 }),
      /dumpTooLarge is 5/,
    ],
  ])('is refused when it is %s', (_, value, fault) => {
    expect(presenceFault(value)).toMatch(fault);
  });
});
