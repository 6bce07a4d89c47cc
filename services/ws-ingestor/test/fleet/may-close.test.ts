import type { IngestorPresence, ShardService } from '@polytape/types';
import { describe, expect, test } from 'vitest';
import { mayClose } from '../../src/fleet/may-close.ts';

/**
 * Every interleaving of replicas that all cover one shard and all believe, by views of whatever age, that they are not to
 * keep it. A step is one thing that the broker or a replica does at once: a write of a key, a read of one other key, the
 * closing of the connection. Keys are renewed at any time, which moves their revision.
 */
describe('replicas that release one shard, in every order of their steps', () => {
  test.each([
    { replicas: 2, required: 1, attempts: 3, renewals: 2 },
    { replicas: 3, required: 1, attempts: 2, renewals: 0 },
    { replicas: 3, required: 2, attempts: 1, renewals: 1 },
  ])('keep $required of $replicas that cover it', (size) => {
    const { states, fewest } = explore({ ...size, protocol: 'mark, read, close' });
    console.info(
      `${size.replicas} replicas, ${size.required} required: ${states} states, at least ${fewest} recording.`,
    );
    expect(fewest).toBe(size.required); // and no more than that: some do close
  });

  test.each<Protocol>(['read, mark, close', 'read, close', 'trust the view'])(
    'would all be gone by the protocol: %s',
    (protocol) => {
      expect(explore({ replicas: 2, required: 1, attempts: 1, renewals: 0, protocol }).fewest).toBe(0);
    },
  );
});

type Protocol = 'mark, read, close' | 'read, mark, close' | 'read, close' | 'trust the view';

type Size = { replicas: number; required: number; attempts: number; renewals: number; protocol: Protocol };

type Replica = {
  at: 'covering' | 'reading' | 'decided to close' | 'decided to stay' | 'closed' | 'gone';
  /** Revision by which its release began; 0 while there is none. */
  since: number;
  /** What it has read of the others, by their index. */
  read: (Key | null)[];
  attempts: number;
};

type Key = { revision: number; service: ShardService | null };

type State = { replicas: Replica[]; keys: Key[]; revision: number; renewals: number };

/** Walks through all states that can be reached; tells the least number of replicas that record at any time. */
function explore(size: Size): { states: number; fewest: number } {
  const indices = Array.from({ length: size.replicas }, (_, index) => index);
  const start: State = {
    replicas: indices.map(() => ({ at: 'covering', since: 0, read: indices.map(() => null), attempts: 0 })),
    keys: indices.map((index) => ({ revision: index + 1, service: covered })),
    revision: size.replicas,
    renewals: 0,
  };
  const seen = new Set<string>();
  const queue = [start];
  let fewest = size.replicas;
  for (let state = queue.pop(); state !== undefined; state = queue.pop()) {
    const key = keyOf(state);
    if (seen.has(key)) continue;
    seen.add(key);
    fewest = Math.min(fewest, state.replicas.filter(({ at }) => at !== 'closed' && at !== 'gone').length);
    queue.push(...successors(state, size));
  }
  return { states: seen.size, fewest };
}

function successors(state: State, size: Size): State[] {
  return state.replicas.flatMap((replica, index) => {
    const next = steps(state, replica, index, size);
    if (state.renewals < size.renewals && replica.at !== 'gone') next.push(renewed(state, index));
    return next;
  });
}

function steps(state: State, replica: Replica, index: number, size: Size): State[] {
  switch (replica.at) {
    case 'covering':
      return replica.attempts < size.attempts ? [begun(state, replica, index, size.protocol)] : [];
    case 'reading':
      return reads(state, replica, index, size);
    case 'decided to close':
      return [changed(state, index, { at: 'closed', read: nothingRead(state) })];
    case 'closed': // it records no more; its key says so a little later
      return [written(changed(state, index, { at: 'gone', since: 0 }), index, null)];
    case 'decided to stay':
      return [written(changed(state, index, { at: 'covering', since: 0, read: nothingRead(state) }), index, covered)];
    case 'gone':
      return [];
  }
}

/** The first step of a release. */
function begun(state: State, replica: Replica, index: number, protocol: Protocol): State {
  const attempts = replica.attempts + 1;
  // A view may be as old as the start, when everybody covered the shard.
  if (protocol === 'trust the view') return changed(state, index, { at: 'decided to close', attempts });
  const reading = changed(state, index, { at: 'reading', attempts });
  return protocol === 'mark, read, close' ? marked(reading, index) : reading;
}

/** Reads the next key that has not been read, in any order; with all of them it decides. */
function reads(state: State, replica: Replica, index: number, size: Size): State[] {
  const unread = [...state.keys.entries()].filter(([other]) => other !== index && replica.read[other] === null);
  if (unread.length > 0) {
    return unread.map(([other, key]) => changed(state, index, { read: replica.read.with(other, key) }));
  }
  const then = size.protocol === 'read, mark, close' ? marked(state, index) : state;
  const others = new Map(
    replica.read.flatMap((key, other) =>
      key === null ? [] : [[`${other}`, { value: presenceOf(key), revision: key.revision }] as const],
    ),
  );
  const release = { shard: 1, version: 1, revision: then.replicas[index]?.since ?? 0 };
  const at = mayClose(release, others, size.required) ? 'decided to close' : 'decided to stay';
  return [changed(then, index, { at })];
}

function presenceOf({ service }: Key): IngestorPresence {
  return { startedAtMs: 0, state: 'active', capacity: 1, shards: service === null ? {} : { 1: service } };
}

/** `releasing` is written, and the revision of that is what the release began by. */
function marked(state: State, index: number): State {
  const next = written(state, index, { state: 'releasing', version: 1, releasingSince: null });
  return changed(next, index, { since: next.revision });
}

/** The key put again with what holds: a release carries its revision along. */
function renewed(state: State, index: number): State {
  const { service } = state.keys[index] ?? { service: null };
  const since = state.replicas[index]?.since ?? 0;
  const again = service?.state === 'releasing' ? { ...service, releasingSince: since } : service;
  return { ...written(state, index, again), renewals: state.renewals + 1 };
}

function written(state: State, index: number, service: ShardService | null): State {
  const revision = state.revision + 1;
  return { ...state, revision, keys: state.keys.with(index, { revision, service }) };
}

function changed(state: State, index: number, change: Partial<Replica>): State {
  const replica = state.replicas[index];
  return replica === undefined ? state : { ...state, replicas: state.replicas.with(index, { ...replica, ...change }) };
}

function nothingRead(state: State): null[] {
  return state.keys.map(() => null);
}

/** States whose revisions stand in the same order go on alike, so only the order counts. */
function keyOf({ replicas, keys, renewals }: State): string {
  const held = [...keys, ...replicas.flatMap(({ read }) => read)].filter((key) => key !== null);
  const revisions = [
    ...held.flatMap(({ revision, service }) => [revision, service?.releasingSince ?? 0]),
    ...replicas.map(({ since }) => since),
  ];
  const ranks = new Map([...new Set(revisions)].sort((a, b) => a - b).map((revision, rank) => [revision, rank]));
  return JSON.stringify([replicas, keys, renewals], (name, value) =>
    ['revision', 'since', 'releasingSince'].includes(name) && typeof value === 'number' ? ranks.get(value) : value,
  );
}

const covered: ShardService = { state: 'covered', version: 1 };
