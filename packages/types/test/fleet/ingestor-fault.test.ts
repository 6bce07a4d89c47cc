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

describe('a presence', () => {
  test('is one, also with fields that are not known here', () => {
    expect(presenceFault(whole)).toBeNull();
    expect(presenceFault({ ...whole, shards: {}, zone: 'b' })).toBeNull();
  });

  test.each<[string, unknown, RegExp]>([
    ['null', null, /^it is null$/],
    ['a number', 5, /^it is 5$/],
    ['an empty object', {}, /startedAtMs is missing/],
    ['another state', { ...whole, state: 'away' }, /state is "away"/],
    ['no capacity', { ...whole, capacity: undefined }, /capacity is missing/],
    ['a capacity in words', { ...whole, capacity: '10' }, /capacity is "10"/],
    ['a capacity below nothing', { ...whole, capacity: -10 }, /capacity is -10/],
    ['no shards', { ...whole, shards: undefined }, /shards is missing/],
    ['shards that are null', { ...whole, shards: null }, /shards is null/],
    ['a service that is null', withService(null), /of shard 0 the service is null/],
    ['a service in a word', withService('covered'), /of shard 0 the service is "covered"/],
    ['a service without a version', withService({ state: 'covered' }), /the version is missing/],
    ['a number of missing tokens', withService({ state: 'covered', version: 1, missing: 5 }), /missing is 5/],
    [
      'one that lacks what is no token',
      withService({ state: 'covered', version: 1, lacking: ['x'] }),
      /lacking is \["x"\]/,
    ],
    ['a dump of a size', withService({ state: 'covered', version: 1, dumpTooLarge: 5 }), /dumpTooLarge is 5/],
  ])('is not %s', (_, value, fault) => {
    expect(presenceFault(value)).toMatch(fault);
  });
});
