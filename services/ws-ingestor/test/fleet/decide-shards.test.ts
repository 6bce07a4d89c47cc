import type { IngestorPresence, ShardService } from '@polytape/types';
import { describe, expect, test } from 'vitest';
import { decideShards } from '../../src/fleet/decide-shards.ts';

type Question = Parameters<typeof decideShards>[0];

describe('an ingestor', () => {
  test('opens the assigned shards that it does not record yet, in order', () => {
    expect(decide({ assigned: [3, 1, 2], own: { 2: covered } })).toMatchObject({
      open: [1, 3],
      close: [],
      release: [],
    });
  });

  test('opens no shard that has left the plan, and closes those that it records', () => {
    const question = { assigned: [1], plan: [2], own: { 3: covered } };
    expect(decide(question)).toMatchObject({ open: [], close: [3], release: [] });
  });

  test('keeps a shard that has left the plan for a while if others have its tokens now', () => {
    const question = { assigned: [1], plan: [1], own: { 1: covered, 3: covered } };
    expect(decide({ ...question, departing: [3] })).toMatchObject(nothing);
    expect(decide(question)).toMatchObject({ close: [3] });
  });

  test('keeps a shard that is no longer assigned while nobody else covers it', () => {
    const others = [active({}), active({ 1: opening }), active({ 1: releasing })];
    expect(decide({ own: { 1: covered }, others, nowMs: 1e9 })).toMatchObject(nothing);
  });

  test('releases it when another has covered it for the overlap', () => {
    const others = [active({ 1: covered })];
    const first = decide({ own: { 1: covered }, others, nowMs: 1_000 });
    expect(first).toMatchObject(nothing);
    const relievedSinceMs = first.relievedSinceMs;
    expect(decide({ own: { 1: covered }, others, nowMs: 5_999, relievedSinceMs })).toMatchObject(nothing);
    expect(decide({ own: { 1: covered }, others, nowMs: 6_000, relievedSinceMs })).toMatchObject({ release: [1] });
  });

  test('starts the overlap again if the other stops covering it', () => {
    const relievedSinceMs = decide({ own: { 1: covered }, others: [active({ 1: covered })] }).relievedSinceMs;
    const gap = decide({ own: { 1: covered }, others: [active({ 1: opening })], nowMs: 3_000, relievedSinceMs });
    expect(gap.relievedSinceMs).toEqual(new Map());
  });

  test('waits for as many others as required', () => {
    const relievedSinceMs = new Map([[1, 0]]);
    const one = { own: { 1: covered }, others: [active({ 1: covered })], required: 2, nowMs: 9_000, relievedSinceMs };
    expect(decide(one)).toMatchObject(nothing);
    const two = { ...one, others: [active({ 1: covered }), active({ 1: covered })] };
    expect(decide(two)).toMatchObject({ release: [1] });
  });

  test('does not count leaving ingestors, nor those that cover an older version', () => {
    const others = [active({ 1: covered }, 'leaving'), active({ 1: { ...covered, version: 6 } })];
    expect(decide({ own: { 1: covered }, others, nowMs: 9_000 }).relievedSinceMs).toEqual(new Map());
  });

  test('keeps a shard if the other lacks a first book that has arrived here, and releases it otherwise', () => {
    const lacking = { ...covered, lacking: ['y', 'z'] };
    const question = { own: { 1: covered }, others: [active({ 1: lacking })], relievedSinceMs: new Map([[1, 0]]) };
    expect(decide({ ...question, books: 'xy', nowMs: 9_000 })).toMatchObject(nothing);
    expect(decide({ ...question, books: 'x', nowMs: 9_000 })).toMatchObject({ release: [1] });
  });

  test('keeps also a shard that it does not cover if the other lacks a first book that has arrived here', () => {
    const others = [active({ 1: { ...covered, lacking: ['y'] } })];
    const question = { own: { 1: opening }, others, relievedSinceMs: new Map([[1, 0]]), nowMs: 9_000 };
    expect(decide({ ...question, books: 'xy' })).toMatchObject(nothing);
    expect(decide({ ...question, books: 'x' })).toMatchObject({ close: [1] });
  });

  test('hands over a shard without a single book once both have waited in vain', () => {
    const empty: ShardService = { ...opening, lacking: 'all' };
    const question = { own: { 1: empty }, relievedSinceMs: new Map([[1, 0]]), nowMs: 9_000, books: '' };
    expect(decide({ ...question, others: [active({ 1: empty })] })).toMatchObject({ close: [1] });
    expect(decide({ ...question, others: [active({ 1: opening })] })).toMatchObject(nothing);
    expect(decide({ ...question, own: { 1: opening }, others: [active({ 1: empty })] })).toMatchObject(nothing);
    expect(decide({ ...question, own: { 1: covered }, others: [active({ 1: empty })], books: 'x' })).toMatchObject(
      nothing,
    );
  });

  test('simply closes a shard that it does not cover itself, because nobody relies on it', () => {
    const others = [active({ 1: covered })];
    const relievedSinceMs = new Map([[1, 0]]);
    expect(decide({ own: { 1: opening }, others, nowMs: 9_000, relievedSinceMs })).toMatchObject({ close: [1] });
  });

  test('does not begin a second release of a shard', () => {
    const relievedSinceMs = new Map([[1, 0]]);
    const others = [active({ 1: covered })];
    expect(decide({ own: { 1: releasing }, others, nowMs: 9_000, relievedSinceMs })).toMatchObject(nothing);
  });

  test('releases nothing while the broker is away', () => {
    const question = { own: { 1: covered }, others: [active({ 1: covered })], relievedSinceMs: new Map([[1, 0]]) };
    expect(decide({ ...question, nowMs: 9_000, isConnected: false })).toMatchObject(nothing);
  });

  test('keeps everything while its connections are paused, because what waits on them is not recorded yet', () => {
    const question = { others: [active({ 1: covered })], relievedSinceMs: new Map([[1, 0]]), nowMs: 9_000 };
    expect(decide({ ...question, own: { 1: covered }, isPaused: true })).toMatchObject(nothing);
    expect(decide({ ...question, own: { 1: opening }, isPaused: true })).toMatchObject(nothing);
  });

  test('that leaves alone closes its shards at once, even without the broker', () => {
    expect(decide({ own: { 1: covered }, required: 0 })).toMatchObject({ release: [1] });
    expect(decide({ own: { 1: covered }, required: 0, isConnected: false })).toMatchObject({ close: [1] });
    expect(decide({ own: { 1: opening }, required: 0 })).toMatchObject({ release: [], close: [1] });
  });
});

const opening: ShardService = { state: 'opening', version: 7 };
const covered: ShardService = { state: 'covered', version: 7 };
const releasing: ShardService = { state: 'releasing', version: 7, releasingSince: 3 };
const nothing = { open: [], close: [], release: [] };

function active(shards: Record<string, ShardService>, state: IngestorPresence['state'] = 'active'): IngestorPresence {
  return { startedAtMs: 0, state, capacity: 100, shards };
}

/** A decision about shards 1 to 3 in version 7; by default with an overlap of 5 s and one other required. */
function decide(o: {
  plan?: number[];
  assigned?: number[];
  own?: Record<number, ShardService>;
  /** The tokens of every shard whose first book has arrived here. */
  books?: string;
  departing?: number[];
  others?: IngestorPresence[];
  required?: number;
  nowMs?: number;
  isConnected?: boolean;
  isPaused?: boolean;
  relievedSinceMs?: Question['relievedSinceMs'];
}) {
  return decideShards({
    nowMs: o.nowMs ?? 0,
    plan: new Map((o.plan ?? [1, 2, 3]).map((shard) => [shard, 7])),
    share: { assigned: new Set(o.assigned ?? []), required: o.required ?? 1 },
    departing: new Set(o.departing ?? []),
    own: new Map(Object.entries(o.own ?? {}).map(([shard, service]) => [Number(shard), service])),
    others: new Map((o.others ?? []).map((presence, at) => [`other-${at}`, presence])),
    coveredTokens: () => new Set(o.books ?? 'xyz'),
    isConnected: o.isConnected ?? true,
    isPaused: o.isPaused ?? false,
    overlapMs: 5_000,
    relievedSinceMs: o.relievedSinceMs ?? new Map(),
  });
}
