/** An ingestor that can take shards. */
export type Member = {
  id: string;
  /** How many shards it can record. */
  capacity: number;
};

/** Who records what. */
export type Assignment = {
  /** The owners of each served shard: at least one id, all different. */
  owners: ReadonlyMap<number, readonly string[]>;
  /** How many owners each served shard should have: min(redundancy, members), or fewer if room is short. */
  redundancy: number;
  /** The shards that nobody has room for: those with the highest numbers. */
  unserved: readonly number[];
};

/**
 * Distributes the shards among the members. Pure and deterministic: whoever sees the same members, shards and redundancy
 * computes the same result, in whatever order they are listed.
 *
 * Rendezvous hashing with bounded loads, then evened out: places go to the pairs with the highest hash first, a shard that
 * is left short gets a place by a swap, and then places move from the fullest to the emptiest member until loads differ by
 * at most one. So a member that joins or leaves moves little more than its own share.
 *
 * If room is short, redundancy is reduced before any shard goes unserved. Members with less room get less; then loads are
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

/** A shard and the members that will serve it. */
type Place = { number: number; owners: Set<Holder> };

/** A member and the shards that it will serve: at most `limit` at first, and never more than `capacity`. */
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
    const pairs = this.#places.length * this.#holders.length;
    // Hash and number of the pair in one float: sorted in a third of the time of pairs as objects. The numbers
    // rank equal hashes by shard, then by member. Exact up to 2^21 pairs: 800 shards and 2,600 members.
    const ranked = new Float64Array(pairs);
    let pair = 0;
    for (const place of this.#places) {
      for (const holder of this.#holders) {
        ranked[pair] = (HASH_MAX - hashOf(place, holder)) * pairs + pair;
        pair += 1;
      }
    }
    for (const rank of ranked.sort()) {
      const place = this.#places[Math.floor((rank % pairs) / this.#holders.length)];
      const holder = this.#holders[(rank % pairs) % this.#holders.length];
      if (place === undefined || holder === undefined) continue;
      if (this.#isShort(place) && holder.held.size < holder.limit) take(place, holder);
    }
  }

  /** All members with room serve the short shard already, so a full member gives up another place for it. */
  fillTheShort(): void {
    for (const place of this.#places) {
      while (this.#isShort(place)) {
        const holder = this.#makeRoomFor(place);
        if (holder === null) break; // happens only if capacities differ
        take(place, holder);
      }
    }
  }

  /** Moves places from the fullest to the emptiest member, those with the highest hash first, until loads are even. */
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

  /** A member that does not serve the place yet and has room for it, if necessary after passing another place on. */
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

/** The place that `from` has and `to` has not, with the highest hash for `to`. */
function bestToMove(from: Holder, to: Holder): Place | null {
  const movable = [...from.held].filter(({ owners }) => !owners.has(to)).sort((a, b) => a.number - b.number);
  return extreme(movable, (place) => hashOf(place, to));
}

/** The first candidate with the highest rank. */
function extreme<T>(candidates: readonly T[], rank: (candidate: T) => number): T | null {
  let best: T | null = null;
  for (const candidate of candidates) if (best === null || rank(candidate) > rank(best)) best = candidate;
  return best;
}

/** The lowest limit per member at which all members together have room for this many places. */
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

/** A 32-bit hash of a shard and a member. */
function hashOf({ number }: Place, { seed }: Holder): number {
  return mix(mix(Math.imul(number + 1, 0x9e3779b1)) + seed);
}

const HASH_MAX = 0xffff_ffff;

/** FNV-1a with a finalizer, because ids of replicas may differ only in their last character. */
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
