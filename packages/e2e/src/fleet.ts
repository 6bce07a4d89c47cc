import type { Bus, KvEntry } from '@polytape/bus';
import type { IngestorPresence, Shard } from '@polytape/types';
import type { ServiceUnderTest } from './service-under-test.ts';
import { until } from './until.ts';

/** Which ingestors cover which shard, according to their bucket. */
export type Coverage = ReadonlyMap<number, readonly string[]>;

/** The ingestors of a test bed, seen from outside. */
export class Fleet {
  readonly #bus: Bus;

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  /** The ingestor's key in the bucket. */
  static async idOf(ingestor: ServiceUnderTest): Promise<string> {
    return String((await ingestor.process.record(({ ingestorId }) => typeof ingestorId === 'string')).ingestorId);
  }

  /**
   * Resolves when this number of ingestors share the shards evenly: `redundancy` of them cover each shard of the plan, no
   * other touches it, and their loads differ by at most one. Returns the coverage, and how long it took.
   */
  async balanced(
    members: number,
    o: { redundancy?: number; withinMs?: number } = {},
  ): Promise<{ coverage: Coverage; tookMs: number }> {
    const startedAtMs = performance.now();
    let seen = '';
    const coverage = await until(
      `${members} ingestors with even shares`,
      async () => {
        const presences = await this.#presences();
        const plan = await this.plan();
        seen = [...presences]
          .map(([id, { state, shards }]) => `${id} (${state}): ${JSON.stringify(shards)}`)
          .join('\n');
        return evenCoverage([...plan.keys()], presences, { members, redundancy: o.redundancy ?? 1 });
      },
      { seen: () => seen, ...(o.withinMs === undefined ? {} : { withinMs: o.withinMs }) },
    );
    return { coverage, tookMs: Math.round(performance.now() - startedAtMs) };
  }

  /** Resolves with the time at which other ingestors cover each of these shards. */
  async takenOver(shards: readonly number[], o: { from: string }): Promise<number> {
    return await until('every shard covered by another', async () => {
      const presences = [...(await this.#presences())].filter(([id]) => id !== o.from);
      const isCovered = (shard: number) => presences.some(([, said]) => said.shards[shard]?.state === 'covered');
      return shards.every(isCovered) ? Date.now() : null;
    });
  }

  /** The shards of the plan by number. */
  async plan(): Promise<Map<number, Shard>> {
    const entries = await (await this.#bus.kv<Shard>('shards')).list();
    return new Map([...entries].map(([key, { value }]: [string, KvEntry<Shard>]) => [Number(key), value]));
  }

  /** Tokens of these shards. */
  async tokensOf(shards: readonly number[]): Promise<Set<string>> {
    const plan = await this.plan();
    return new Set(shards.flatMap((shard) => plan.get(shard)?.tokens.map(({ tokenId }) => tokenId) ?? []));
  }

  async #presences(): Promise<Map<string, IngestorPresence>> {
    const entries = await (await this.#bus.kv<IngestorPresence>('ingestors')).list();
    return new Map([...entries].map(([id, { value }]) => [id, value]));
  }
}

/** Shards of an owner. */
export function shardsOf(coverage: Coverage, id: string): number[] {
  return [...coverage].filter(([, owners]) => owners.includes(id)).map(([shard]) => shard);
}

/** Number of shard assignments that did not exist before. */
export function movedPlaces(before: Coverage, after: Coverage): number {
  let moved = 0;
  for (const [shard, owners] of after) moved += owners.filter((id) => !before.get(shard)?.includes(id)).length;
  return moved;
}

function evenCoverage(
  plan: readonly number[],
  presences: ReadonlyMap<string, IngestorPresence>,
  o: { members: number; redundancy: number },
): Coverage | null {
  const recording = [...presences].filter(
    ([, { state, shards }]) => state === 'active' || Object.keys(shards).length > 0,
  );
  if (recording.length !== o.members || plan.length === 0) return null;
  const services = recording.flatMap(([, { state, shards }]) =>
    Object.values(shards).map((service) => [state, service]),
  );
  if (
    services.some(
      ([state, service]) => state !== 'active' || typeof service !== 'object' || service.state !== 'covered',
    )
  )
    return null;
  const coverage = new Map(
    plan.map((shard) => [shard, recording.filter(([, { shards }]) => shard in shards).map(([id]) => id)] as const),
  );
  if ([...coverage.values()].some(({ length }) => length !== o.redundancy)) return null;
  const loads = recording.map(([, { shards }]) => Object.keys(shards).length);
  return Math.max(...loads) - Math.min(...loads) <= 1 ? coverage : null;
}
