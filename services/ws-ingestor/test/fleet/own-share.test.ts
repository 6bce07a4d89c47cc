import type { IngestorPresence } from '@polytape/types';
import { describe, expect, test } from 'vitest';
import type { Presences } from '../../src/fleet/known-ingestors.ts';
import { ownShare } from '../../src/fleet/own-share.ts';

const shards = Array.from({ length: 12 }, (_, number) => number);
const active: IngestorPresence = { startedAtMs: 0, state: 'active', capacity: 100, shards: {} };
const self = { id: 'me', capacity: 100, isLeaving: false };

describe('the share of an ingestor', () => {
  test('is everything while the ingestor is alone', () => {
    expect(ownShare({ shards, self, others: new Map(), redundancy: 2 })).toEqual({
      assigned: new Set(shards),
      required: 1,
      unserved: [],
      members: 1,
    });
  });

  test('requires another to cover what the ingestor releases, even if nobody has room', () => {
    const share = { shards, self: { ...self, capacity: 0 }, others: new Map(), redundancy: 1 };
    expect(ownShare(share)).toMatchObject({ required: 1, unserved: shards });
    expect(ownShare({ ...share, self: { ...share.self, isLeaving: true } })).toMatchObject({ required: 0 });
  });

  test('complements the shares of the ingestors that see each other', () => {
    const ids = ['a', 'b', 'c'];
    const all = ids.flatMap((id) => {
      const others = new Map(ids.filter((other) => other !== id).map((other) => [other, active]));
      return [...ownShare({ shards, self: { ...self, id }, others, redundancy: 1 }).assigned];
    });
    expect(all.sort((a, b) => a - b)).toEqual(shards);
  });

  test('ignores leaving ingestors and presences of another format', () => {
    const leaving: IngestorPresence = { ...active, state: 'leaving' };
    const ancient = { startedAtMs: 0, shards: [1, 2] } as unknown as IngestorPresence;
    const others: Presences = new Map([
      ['a', leaving],
      ['b', ancient],
    ]);
    expect(ownShare({ shards, self, others, redundancy: 1 })).toMatchObject({ members: 1, assigned: new Set(shards) });
  });

  test('is nothing when the ingestor leaves, and those that stay must cover its shards', () => {
    const leaving = { ...self, isLeaving: true };
    const three: Presences = new Map(['a', 'b', 'c'].map((id) => [id, active]));
    expect(ownShare({ shards, self: leaving, others: three, redundancy: 2 })).toMatchObject({
      assigned: new Set(),
      required: 2,
      members: 3,
    });
    expect(ownShare({ shards, self: leaving, others: new Map(), redundancy: 2 })).toMatchObject({ required: 0 });
  });
});
