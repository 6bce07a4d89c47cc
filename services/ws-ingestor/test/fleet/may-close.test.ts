import type { IngestorPresence, ShardService } from '@polytape/types';
import { describe, expect, test } from 'vitest';
import { mayClose } from '../../src/fleet/may-close.ts';

/**
 * Every interleaving of replicas that cover the same shard and all believe, with views of any age, that they should not
 * keep it. A step is one atomic action of the broker or of a replica: writing a key, reading one other key, the arrival of a
 * first book, closing the connection. Keys are renewed at any time, which changes their revision.
 *
 * Each replica is written as the tokens whose first book it has.
 */
describe('replicas that release the same shard, in every order of their steps', () => {
  test.each([
    { replicas: ['x', 'x'], required: 1, attempts: 3, renewals: 2, books: 0 },
    { replicas: ['x', 'x', 'x'], required: 1, attempts: 2, renewals: 0, books: 0 },
    { replicas: ['x', 'x', 'x'], required: 2, attempts: 1, renewals: 1, books: 0 },
  ])('keep $required of $replicas that cover it', (size) => {
    const { states, fewest } = explore({ ...size, protocol: 'mark, read, close' });
    console.info(`${size.replicas}, ${size.required} required: ${states} states, ${JSON.stringify(fewest)} recording.`);
    expect(fewest).toEqual({ x: size.required }); // and not more: some do close
  });

  test.each([
    { replicas: ['xy', 'x'], required: 1, attempts: 2, renewals: 1, books: 0, fewest: { x: 1, y: 1 } },
    { replicas: ['xy', 'x'], required: 1, attempts: 2, renewals: 2, books: 1, fewest: { x: 1, y: 1 } },
    { replicas: ['xy', 'yz'], required: 1, attempts: 2, renewals: 1, books: 2, fewest: { x: 1, y: 1, z: 1 } },
    { replicas: ['xy', 'x', 'y'], required: 1, attempts: 1, renewals: 0, books: 1, fewest: { x: 1, y: 1 } },
    { replicas: ['xy', 'xy', 'x'], required: 2, attempts: 1, renewals: 0, books: 0, fewest: { x: 2, y: 2 } },
  ])('of $replicas keep every token that any of them has, while $books more books arrive', ({ fewest, ...size }) => {
    const found = explore({ ...size, protocol: 'mark, read, close' });
    console.info(`${size.replicas}: ${found.states} states, ${JSON.stringify(found.fewest)} recording.`);
    expect(found.fewest).toEqual(fewest);
  });

  test.each<Protocol>(['read, mark, close', 'read, close', 'trust the view'])(
    'would all be gone with the protocol: %s',
    (protocol) => {
      const size = { replicas: ['x', 'x'], required: 1, attempts: 1, renewals: 0, books: 0 };
      expect(explore({ ...size, protocol }).fewest).toEqual({ x: 0 });
    },
  );

  test('would lose a token if they compared the books of the beginning', () => {
    const size = { replicas: ['x', 'x'], required: 1, attempts: 1, renewals: 0, books: 1 };
    const protocol = 'mark, read, close by the books of the beginning';
    expect(explore({ ...size, tokens: 'xy', protocol }).fewest).toEqual({ x: 1, y: 0 });
  });
});

type Protocol =
  | 'mark, read, close'
  | 'mark, read, close by the books of the beginning'
  | 'read, mark, close'
  | 'read, close'
  | 'trust the view';

type Size = {
  /** The tokens that each replica has at the beginning. */
  replicas: string[];
  /** The shard's tokens; by default those that some replica has at the beginning. */
  tokens?: string;
  required: number;
  attempts: number;
  renewals: number;
  /** How many first books may arrive on the way. */
  books: number;
  protocol: Protocol;
};

type Replica = {
  at: 'covering' | 'reading' | 'decided to close' | 'decided to stay' | 'closed' | 'gone';
  /** Tokens whose first book has arrived: by now, and when the release began. */
  covered: string;
  coveredAtFirst: string;
  /** The revision at which its release began; 0 if there is none. */
  since: number;
  /** The keys that it has read of the others, by index. */
  read: (Key | null)[];
  attempts: number;
};

type Key = { revision: number; service: ShardService | null };

type State = { replicas: Replica[]; keys: Key[]; tokens: string; revision: number; renewals: number; books: number };

/**
 * Visits every reachable state. Returns, for each token, the lowest number of replicas that recorded it at any time after
 * its first book had arrived at one.
 */
function explore(size: Size): { states: number; fewest: Record<string, number> } {
  const tokens = size.tokens ?? [...new Set(size.replicas.join(''))].sort().join('');
  const start: State = {
    replicas: size.replicas.map((covered) => ({
      ...{ at: 'covering', covered, coveredAtFirst: covered, since: 0, attempts: 0 },
      read: size.replicas.map(() => null),
    })),
    keys: size.replicas.map((covered, index) => ({ revision: index + 1, service: serviceOf(covered, tokens) })),
    ...{ tokens, revision: size.replicas.length, renewals: 0, books: 0 },
  };
  const seen = new Set<string>();
  const queue = [start];
  const fewest = Object.fromEntries([...tokens].map((token) => [token, size.replicas.length]));
  for (let state = queue.pop(); state !== undefined; state = queue.pop()) {
    const key = keyOf(state);
    if (seen.has(key)) continue;
    seen.add(key);
    for (const token of tokens) {
      const having = state.replicas.filter(({ covered }) => covered.includes(token));
      if (having.length === 0) continue;
      const recording = having.filter(({ at }) => at !== 'closed' && at !== 'gone').length;
      fewest[token] = Math.min(fewest[token] ?? 0, recording);
    }
    queue.push(...successors(state, size));
  }
  return { states: seen.size, fewest };
}

function successors(state: State, size: Size): State[] {
  return state.replicas.flatMap((replica, index) => {
    const next = steps(state, replica, index, size);
    if (state.renewals < size.renewals && replica.at !== 'gone') next.push(renewed(state, index));
    // The process decides and closes in one step, so no book can arrive in between.
    const isOpen = ['covering', 'reading', 'decided to stay'].includes(replica.at);
    if (state.books < size.books && isOpen) next.push(...withBook(state, replica, index));
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
      return [
        written(
          changed(state, index, { at: 'covering', since: 0, read: nothingRead(state) }),
          index,
          serviceOf(replica.covered, state.tokens),
        ),
      ];
    case 'gone':
      return [];
  }
}

/** The first step of a release. */
function begun(state: State, replica: Replica, index: number, protocol: Protocol): State {
  const attempts = replica.attempts + 1;
  // A view may be as old as the start, when all covered the shard.
  if (protocol === 'trust the view') return changed(state, index, { at: 'decided to close', attempts });
  const reading = changed(state, index, { at: 'reading', attempts, coveredAtFirst: replica.covered });
  return protocol.startsWith('mark') ? marked(reading, index) : reading;
}

/** Reads the next unread key, in any order; after the last one it decides. */
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
  const covered = new Set(size.protocol === 'mark, read, close' ? replica.covered : replica.coveredAtFirst);
  const release = { shard: 1, version: 1, revision: then.replicas[index]?.since ?? 0, covered };
  const at = mayClose(release, others, size.required) ? 'decided to close' : 'decided to stay';
  return [changed(then, index, { at })];
}

function presenceOf({ service }: Key): IngestorPresence {
  return { startedAtMs: 0, state: 'active', capacity: 1, shards: service === null ? {} : { 1: service } };
}

/** Writes `releasing`; the release begins at the revision of that write. */
function marked(state: State, index: number): State {
  const service = serviceOf(state.replicas[index]?.covered ?? '', state.tokens);
  const next = written(state, index, { ...service, state: 'releasing', releasingSince: null });
  return changed(next, index, { since: next.revision });
}

/** Writes the key again with the present values; a release keeps its revision. */
function renewed(state: State, index: number): State {
  const { service } = state.keys[index] ?? { service: null };
  const { since = 0, covered = '' } = state.replicas[index] ?? {};
  const now = serviceOf(covered, state.tokens);
  const again = service?.state === 'releasing' ? { ...now, state: service.state, releasingSince: since } : now;
  return { ...written(state, index, service === null ? null : again), renewals: state.renewals + 1 };
}

/** One more first book has arrived; the key shows it a little later. */
function withBook(state: State, replica: Replica, index: number): State[] {
  return [...state.tokens]
    .filter((token) => !replica.covered.includes(token))
    .map((token) => ({
      ...changed(state, index, { covered: [...replica.covered, token].sort().join('') }),
      books: state.books + 1,
    }));
}

function serviceOf(covered: string, tokens: string): ShardService {
  return { state: 'covered', version: 1, lacking: [...tokens].filter((token) => !covered.includes(token)) };
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

/** States whose revisions are in the same order behave alike, so only the order counts. */
function keyOf({ replicas, keys, renewals, books }: State): string {
  const held = [...keys, ...replicas.flatMap(({ read }) => read)].filter((key) => key !== null);
  const revisions = [
    ...held.flatMap(({ revision, service }) => [revision, service?.releasingSince ?? 0]),
    ...replicas.map(({ since }) => since),
  ];
  const ranks = new Map([...new Set(revisions)].sort((a, b) => a - b).map((revision, rank) => [revision, rank]));
  const textOf = (key: Key | null) => {
    if (key === null) return '-';
    const { state, lacking, releasingSince } = key.service ?? {};
    const since = typeof releasingSince === 'number' ? ranks.get(releasingSince) : releasingSince;
    return `${ranks.get(key.revision)} ${state} ${lacking} ${since}`;
  };
  // Written out, because JSON.stringify with a replacer took most of the time of these tests.
  const replicaTexts = replicas.map(
    ({ at, covered, coveredAtFirst, since, read, attempts }) =>
      `${at} ${covered} ${coveredAtFirst} ${ranks.get(since)} ${attempts} ${read.map(textOf).join()}`,
  );
  return [...replicaTexts, ...keys.map(textOf), renewals, books].join(';');
}
