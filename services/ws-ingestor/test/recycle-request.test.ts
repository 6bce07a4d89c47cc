import { describe, expect, test } from 'vitest';
import { recycledShard } from '../src/ingestor.ts';

describe('a request to recycle', () => {
  test('names a shard', () => {
    expect(recycledShard({ shard: 0 })).toBe(0);
    expect(recycledShard({ shard: 777 })).toBe(777);
  });

  test.for([null, 7, {}, { shard: '7' }, { shard: -1 }, { shard: 1.5 }])('is refused as %j', (request) => {
    expect(() => recycledShard(request)).toThrow(/whole number from 0/);
  });
});
