/** An ingestor that can take shards. */
export type Member = {
  id: string;
  /** Shards that it records at most. */
  capacity: number;
};

/** Who records what. */
export type Assignment = {
  /** Of each shard that is served: ids of its owners, all different, at least one. */
  owners: ReadonlyMap<number, readonly string[]>;
  /** Owners that each served shard was to get: min(redundancy, members), or fewer where the room is short. */
  redundancy: number;
  /** Shards that nobody has room for, by number: the highest ones. */
  unserved: readonly number[];
};

/**
 * Shares the shards out among the members. Pure and deterministic: all who see the same members, shards and redundancy
 * come to the same result, in whatever order they list them.
 *
 * Rendezvous hashing with bounded loads, evened out: places go to the highest (hash, shard, member) first, a shard that
 * ends up short takes a place by a swap, and then places move from the fullest to the emptiest until no two loads differ
 * by more than one. A member that comes or goes therefore moves little more than its own share.
 *
 * Where the room is short, redundancy goes before shards do. Members with less room than others get less; then loads are
 * as even as the room allows, and a shard may have fewer owners than `redundancy`.
 */
export function assignShards(o: {
  shards: Iterable<number>;
  members: readonly Member[];
  redundancy: number;
}): Assignment {
  const numbers = [...o.shards].sort((a, b) => a - b);
  const room = o.members.reduce((sum, { capacity }) => sum + capacity, 0);
  const served = numbers.slice(0, room);
  if (served.length === 0) return { owners: new Map(), redundancy: 0, unserved: numbers };

  const redundancy = Math.max(1, Math.min(o.redundancy, o.members.length, Math.floor(room / served.length)));
  const places = new Places(served, o.members, redundancy);
  places.takeGreedily();
  places.fillTheShort();
  places.even();
  return { owners: places.ownersByShard(), redundancy, unserved: numbers.slice(room) };
}

/** A shard and those who are to serve it. */
type Place = { number: number; owners: Set<Holder> };

/** A member and what it is to serve: at most `limit` at first, never more than `capacity`. */
type Holder = { id: string; seed: number; limit: number; capacity: number; held: Set<Place> };

class Places {
  readonly #places: readonly Place[];
  readonly #holders: readonly Holder[];
  readonly #redundancy: number;

  constructor(numbers: readonly number[], members: readonly Member[], redundancy: number) {
    const level = evenLevel(members, numbers.length * redundancy);
    this.#redundancy = redundancy;
    this.#places = numbers.map((number) => ({ number, owners: new Set() }));
    this.#holders = members.toSorted(byId).map(({ id, capacity }) => ({
      ...{ id, capacity, limit: Math.min(capacity, level) },
      ...{ seed: hashOfText(id), held: new Set<Place>() },
    }));
  }

  takeGreedily(): void {
    const pairs = this.#places.flatMap((place) =>
      this.#holders.map((holder) => ({ place, holder, hash: hashOf(place, holder) })),
    );
    pairs.sort((a, b) => b.hash - a.hash || a.place.number - b.place.number || byId(a.holder, b.holder));
    for (const { place, holder } of pairs) {
      if (this.#isShort(place) && holder.held.size < holder.limit) take(place, holder);
    }
  }

  /** Whoever has room serves the short shard already, so another one that has none gives up a place for it. */
  fillTheShort(): void {
    for (const place of this.#places) {
      while (this.#isShort(place)) {
        const holder = this.#makeRoomFor(place);
        if (holder === null) break; // only where capacities differ
        take(place, holder);
      }
    }
  }

  /** Moves the place that suits its new owner best, from the fullest to the emptiest, while that evens the loads. */
  even(): void {
    for (;;) {
      const fullest = extreme(this.#holders, ({ held }) => held.size);
      const emptiest = extreme(
        this.#holders.filter(({ held, capacity }) => held.size < capacity),
        ({ held }) => -held.size,
      );
      if (fullest === null || emptiest === null || fullest.held.size - emptiest.held.size <= 1) return;
      const place = bestToMove(fullest, emptiest);
      if (place === null) return;
      move(place, fullest, emptiest);
    }
  }

  ownersByShard(): Map<number, string[]> {
    return new Map(
      this.#places.map(({ number, owners }) => [number, [...owners].sort(byId).map(({ id }) => id)] as const),
    );
  }

  #isShort(place: Place): boolean {
    return place.owners.size < this.#redundancy;
  }

  /** One who does not serve the place yet and has room for it, if need be after handing another place on. */
  #makeRoomFor(place: Place): Holder | null {
    const withRoom = this.#holders.filter(({ held, limit }) => held.size < limit);
    const strangers = this.#holders
      .filter((holder) => !place.owners.has(holder))
      .sort((a, b) => hashOf(place, b) - hashOf(place, a) || byId(a, b));
    for (const stranger of strangers) {
      if (stranger.held.size < stranger.limit) return stranger;
      for (const receiver of withRoom) {
        const given = bestToMove(stranger, receiver);
        if (given === null) continue;
        move(given, stranger, receiver);
        return stranger;
      }
    }
    return null;
  }
}

function take(place: Place, holder: Holder): void {
  place.owners.add(holder);
  holder.held.add(place);
}

function move(place: Place, from: Holder, to: Holder): void {
  place.owners.delete(from);
  from.held.delete(place);
  take(place, to);
}

/** Of the places that `from` has and `to` has not, the one whose hash with `to` is highest. */
function bestToMove(from: Holder, to: Holder): Place | null {
  const movable = [...from.held].filter(({ owners }) => !owners.has(to)).sort((a, b) => a.number - b.number);
  return extreme(movable, (place) => hashOf(place, to));
}

/** The first of those of the highest rank. */
function extreme<T>(candidates: readonly T[], rank: (candidate: T) => number): T | null {
  let best: T | null = null;
  for (const candidate of candidates) if (best === null || rank(candidate) > rank(best)) best = candidate;
  return best;
}

/** What each member takes at most, so that together they have room for so many places. */
function evenLevel(members: readonly Member[], places: number): number {
  const roomAt = (level: number) => members.reduce((sum, { capacity }) => sum + Math.min(capacity, level), 0);
  const highest = Math.max(...members.map(({ capacity }) => capacity));
  let level = Math.ceil(places / members.length);
  while (level < highest && roomAt(level) < places) level += 1;
  return level;
}

function byId(a: { id: string }, b: { id: string }): number {
  if (a.id === b.id) return 0;
  return a.id < b.id ? -1 : 1;
}

/** 32 bits of a shard and a member. */
function hashOf({ number }: Place, { seed }: Holder): number {
  return mix(mix(Math.imul(number + 1, 0x9e3779b1)) + seed);
}

/** FNV-1a, then mixed: ids of replicas may differ in their last letter only. */
function hashOfText(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return mix(hash);
}

/** The finaliser of MurmurHash3: each bit of the input changes half of the output's. */
function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
