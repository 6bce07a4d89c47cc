import type { IngestorPresence } from '@polytape/types';
import { expect, test } from 'vitest';
import { knownIngestors } from '../../src/fleet/known-ingestors.ts';

const old: IngestorPresence = { startedAtMs: 1, state: 'active', capacity: 10, shards: {} };
const now: IngestorPresence = { ...old, state: 'leaving' };

test('an ingestor that is no longer seen is gone once its absence is conclusive', () => {
  const known = knownIngestors(new Map([['a', old]]), new Map([['b', old]]), {
    isAbsenceProof: true,
    silent: new Set(),
  });
  expect([...known.keys()]).toEqual(['b']);
});

test('until then it counts as it was last seen, and the others count as they are now', () => {
  const before = new Map([
    ['a', old],
    ['b', old],
  ]);
  const known = knownIngestors(before, new Map([['b', now]]), { isAbsenceProof: false, silent: new Set() });
  expect(Object.fromEntries(known)).toEqual({ a: old, b: now });
});

test('an ingestor that did not answer does not count, whether seen or known before', () => {
  const both = new Map([
    ['a', old],
    ['b', old],
  ]);
  for (const isAbsenceProof of [true, false]) {
    const known = knownIngestors(both, both, { isAbsenceProof, silent: new Set(['a']) });
    expect([...known.keys()]).toEqual(['b']);
  }
});
