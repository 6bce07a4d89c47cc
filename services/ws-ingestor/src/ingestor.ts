import type { Bus, KvView } from '@polytape/bus';
import { changedOrElapsed, type Logger } from '@polytape/service';
import {
  type IngestorPresence,
  type IngestorStatus,
  presenceFault,
  type RecycleAnswer,
  type RecycleRequest,
  type Shard,
  type ShardService,
  shardFault,
} from '@polytape/types';
import { decideShards } from './fleet/decide-shards.ts';
import { FleetView } from './fleet/fleet-view.ts';
import type { Presences } from './fleet/known-ingestors.ts';
import { type OwnShare, ownShare } from './fleet/own-share.ts';
import { PresenceKey } from './fleet/presence-key.ts';
import { ShardReleases } from './fleet/shard-releases.ts';
import { ingestorStatus } from './ingestor-status.ts';
import { ShardRecorders, type ShardRecordersOptions } from './recording/shard-recorders.ts';

export type IngestorOptions = ShardRecordersOptions & {
  bus: Bus;
  /** Shards that this one records at most. */
  shardsMax: number;
  /** How long a stop waits for others to take the shards. */
  handOverMsMax: number;
};

/**
 * Records its share of the plan: compares what it is to record with what it does, on each change of the plan, of the
 * other ingestors or of its own connections and on a timer, and acts on the difference.
 *
 * recording -> leaving (the signal: its shards go to the others, who are waited for) -> ended. What is decided is decided
 * by `ownShare`, `decideShards` and `mayClose`. The broker is needed to learn of changes and to let go of a shard; what
 * is being recorded goes on being recorded without it.
 */
export class Ingestor implements AsyncDisposable {
  readonly #o: IngestorOptions;
  readonly #log: Logger;
  readonly #startedAtMs = Date.now();
  readonly #recorders: ShardRecorders;
  #plan: ReadonlyMap<number, Shard> | null = null;
  #share: OwnShare | null = null;
  #relievedSinceMs: ReadonlyMap<number, number> = new Map();
  /** Since when each shard of the share that is not covered has been so. */
  #uncoveredSinceMs: ReadonlyMap<number, number> = new Map();
  #changed = Promise.withResolvers<void>();
  #isPlanGone = false;
  #announced = '';
  #lastShare: { key: string; share: OwnShare } | null = null;
  #releases: ShardReleases | null = null;
  /** The end of the hand-over, once the ingestor leaves. */
  #leavesAtMs: number | null = null;

  constructor(options: IngestorOptions) {
    this.#o = options;
    this.#log = options.log;
    this.#recorders = new ShardRecorders(options, () => this.#changed.resolve());
  }

  /** Records until `signal` aborts, then hands its shards over, as far as there is somebody and time, and ends. */
  async run(signal: AbortSignal): Promise<void> {
    const { bus, ingestorId, counters } = this.#o;
    const log = this.#log;
    // The views outlive the signal: who leaves has to see the others take over.
    const starting = new AbortController();
    const abandon = () => starting.abort(signal.reason);
    signal.addEventListener('abort', abandon, { once: true });
    const bucket = await bus.kv<IngestorPresence>('ingestors', presenceFault);
    await using plan = (await bus.kv<Shard>('shards', shardFault)).view({ signal: starting.signal });
    await using view = bucket.view({ signal: starting.signal });
    signal.throwIfAborted();
    await Promise.all([plan.ready, view.ready]);
    signal.removeEventListener('abort', abandon);

    // In this order: whoever writes its key again after ours answers us, and is alive.
    const fleet = new FleetView({ view, bus, ownId: ingestorId, nowMs: performance.now() });
    const releases: ShardReleases = new ShardReleases({
      ...{ ingestorId, bucket, counters, log },
      write: () => presence.write(),
      shareAmong: (others) => this.#shareAmong(others),
      coveredTokens: (shard) => this.#recorders.coveredTokens(shard),
      close: (shards) => this.#recorders.close(shards),
    });
    this.#releases = releases;
    await using presence: PresenceKey = new PresenceKey({
      ...{ bus, bucket, ingestorId, log },
      describe: () => this.#describe(),
      onWritten: (written, revision) => releases.written(written, revision),
    });
    presence.announce();
    using listeners = new DisposableStack();
    const wake = () => this.#changed.resolve();
    const onAbort = () => this.#leave();
    plan.onChange(wake);
    view.onChange(wake);
    listeners.defer(bus.onConnected(() => fleet.reconnected(performance.now())));
    listeners.defer(() => signal.removeEventListener('abort', onAbort));
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    await this.#follow({ plan, fleet, presence, releases });
    await this.#recorders[Symbol.asyncDispose]();
  }

  /** Numbers that metrics show; null until the plan has been read. */
  stats(): ReturnType<ShardRecorders['stats']> & {
    planned: number | null;
    assigned: number | null;
    unserved: number | null;
    members: number | null;
  } {
    return {
      ...this.#recorders.stats(performance.now()),
      planned: this.#plan?.size ?? null,
      assigned: this.#share?.assigned.size ?? null,
      unserved: this.#share?.unserved.length ?? null,
      members: this.#share?.members ?? null,
    };
  }

  /** What an operator is told: the figures, and each shard with its connections. */
  status(): IngestorStatus {
    const { ingestorId, counters, publisher } = this.#o;
    return ingestorStatus({
      ...{ ingestorId, counters },
      startedAtMs: this.#startedAtMs,
      publishing: publisher.stats(),
      services: this.#services(),
      shards: this.#recorders.statuses(),
    });
  }

  /** Replaces the connection of a shard by a fresh one, in its turn, as an operator asked for. */
  recycle(request: unknown): RecycleAnswer {
    const { ingestorId } = this.#o;
    const answer = this.#recorders.command(recycledShard(request));
    if (answer === null) return { ingestorId, result: 'not_mine', connectionId: null };
    this.#changed.resolve();
    return { ingestorId, ...answer };
  }

  /** Why the ingestor is not doing its job. */
  readiness(): string[] {
    const assigned = [...(this.#share?.assigned ?? [])];
    const unconnected = assigned.filter((shard) => !this.#recorders.isConnected(shard)).length;
    const uncovered = this.#uncovered(performance.now());
    const unserved = this.#share?.unserved.length ?? 0;
    const reasons: string[] = [];
    if (!this.#o.bus.connected) reasons.push('the connection to NATS is interrupted');
    if (this.#plan === null) reasons.push('the plan has not been read yet');
    else if (this.#plan.size === 0) reasons.push('the plan has no shards yet: the scheduler has found no market');
    if (unconnected > 0) reasons.push(`${unconnected} of its ${assigned.length} shards have no connection`);
    if (uncovered > 0) {
      const shards = `${uncovered} of its ${assigned.length} shards`;
      reasons.push(
        `${shards} have been without their first books for over a minute, though their connections are open`,
      );
    }
    if (unserved > 0) reasons.push(unservedReason(unserved));
    const { oldestTakenAtMs } = this.#o.publisher.stats();
    const waitsMs = oldestTakenAtMs === null ? 0 : Date.now() - oldestTakenAtMs;
    if (waitsMs > ACKNOWLEDGED_MS_MAX) {
      reasons.push(`JetStream has not acknowledged a message for ${Math.round(waitsMs / 1_000)} s`);
    }
    if (this.#recorders.isPaused) reasons.push('the publishing queue is full');
    return reasons;
  }

  /** What a stop that cannot wait would leave. */
  unfinished(): string | null {
    const { queued, unacknowledged } = this.#o.publisher.stats();
    return queued + unacknowledged === 0 ? null : `${queued + unacknowledged} messages not acknowledged by JetStream`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#recorders[Symbol.asyncDispose]();
  }

  /** Level by level, until it has left. */
  async #follow(o: {
    plan: KvView<Shard>;
    fleet: FleetView;
    presence: PresenceKey;
    releases: ShardReleases;
  }): Promise<void> {
    let releasing = Promise.resolve();
    for (;;) {
      this.#changed = Promise.withResolvers<void>();
      const nowMs = performance.now();
      const nextOpenInMs = this.#act(o, nowMs, (services) => {
        releasing = o.releases.attempt(services).then(() => {
          // What was taken back is tried again after another overlap, not at once.
          this.#relievedSinceMs = new Map([...this.#relievedSinceMs].filter(([shard]) => !services.has(shard)));
          this.#changed.resolve();
        });
      });
      // A newcomer is answered with the same words as ever: that this ingestor lives is what it wants to know.
      const said = JSON.stringify([this.#describe(), [...o.fleet.others(nowMs).keys()]]);
      if (said !== this.#announced) o.presence.announce();
      this.#announced = said;
      if (this.#hasLeft(nowMs)) break;
      await changedOrElapsed(this.#changed.promise, Math.min(nextOpenInMs, RECONCILE_INTERVAL_MS));
    }
    await releasing;
  }

  /** One comparison of what should be with what is. @returns Milliseconds until another connection may be opened. */
  #act(
    o: { plan: KvView<Shard>; fleet: FleetView; releases: ShardReleases },
    nowMs: number,
    release: (services: Map<number, ShardService>) => void,
  ): number {
    const plan = this.#obeyed(new Map([...o.plan.entries()].map(([key, { value }]) => [Number(key), value])));
    const others = o.fleet.others(nowMs);
    this.#plan = plan;
    this.#recorders.follow(plan, nowMs);
    this.#share = this.#tellWhenNew(this.#shareAmong(others));
    const own = o.releases.overlay(this.#recorders.services(nowMs));
    this.#uncoveredSinceMs = uncoveredSinceMs(this.#share.assigned, own, this.#uncoveredSinceMs, nowMs);
    const decision = decideShards({
      departing: this.#recorders.departing(nowMs),
      coveredTokens: (shard) => this.#recorders.coveredTokens(shard),
      ...{ nowMs, own, others, share: this.#share, overlapMs: this.#o.overlapMs },
      plan: new Map([...plan].map(([shard, { version }]) => [shard, version])),
      isConnected: this.#o.bus.connected,
      isPaused: this.#recorders.isPaused,
      relievedSinceMs: this.#relievedSinceMs,
    });
    this.#relievedSinceMs = decision.relievedSinceMs;
    this.#recorders.close(decision.close);
    const nextRecycleInMs = this.#recorders.recycle(nowMs, { mayBegin: this.#leavesAtMs === null });
    if (decision.release.length > 0 && !o.releases.isBusy) {
      release(new Map([...own].filter(([shard]) => decision.release.includes(shard))));
    }
    const opening = [...plan].filter(([shard]) => decision.open.includes(shard));
    return Math.min(nextRecycleInMs, this.#recorders.open(opening, nowMs));
  }

  /** A plan that is empty all at once was lost with its bucket, and says nothing of what to record: the last one holds. */
  #obeyed(plan: ReadonlyMap<number, Shard>): ReadonlyMap<number, Shard> {
    if (plan.size > 0 || this.#plan === null || this.#plan.size === 0) {
      this.#isPlanGone = false;
      return plan;
    }
    if (!this.#isPlanGone) this.#log.warn({}, 'The plan is gone: recording on by the last one until there is another.');
    this.#isPlanGone = true;
    return this.#plan;
  }

  #leave(): void {
    this.#leavesAtMs = performance.now() + this.#o.handOverMsMax;
    this.#changed.resolve();
  }

  #hasLeft(nowMs: number): boolean {
    if (this.#leavesAtMs === null) return false;
    const { recorded } = this.#recorders.stats(nowMs);
    if (recorded > 0 && nowMs < this.#leavesAtMs) return false;
    if (recorded > 0) this.#log.warn({ shards: recorded }, `Closing ${recorded} shards that nobody has taken over.`);
    return true;
  }

  #shareAmong(others: Presences): OwnShare {
    const { ingestorId: id, shardsMax: capacity, redundancy } = this.#o;
    const self = { id, capacity, isLeaving: this.#leavesAtMs !== null };
    const shards = [...(this.#plan?.keys() ?? [])];
    // Presences are written every few seconds by each ingestor, and seldom change who is there.
    const members = [...others].map(([other, { state, capacity: room }]) => [other, state, room]);
    const key = JSON.stringify([self.isLeaving, members, shards]);
    if (this.#lastShare?.key !== key) {
      this.#lastShare = { key, share: ownShare({ shards, self, others, redundancy }) };
    }
    return this.#lastShare.share;
  }

  /** Says what changed of the share since the last time. */
  #tellWhenNew(share: OwnShare): OwnShare {
    const { assigned, members, unserved } = share;
    const last = this.#share;
    const { ingestorId } = this.#o;
    const fields = { ingestorId, shards: assigned.size, planned: this.#plan?.size, members, unserved: unserved.length };
    if (last === null || last.members !== members || last.assigned.size !== assigned.size) {
      this.#log.info(fields, `Records ${assigned.size} of ${fields.planned} shards; ${members} ingestors share them.`);
    }
    if (this.#leavesAtMs === null && unserved.length > 0 && unserved.length !== (last?.unserved.length ?? 0)) {
      this.#log.error(fields, `${unservedReason(unserved.length)}. Start more ingestors, or let each record more.`);
    }
    return share;
  }

  /** Shards that have a connection and have not been covered for too long. */
  #uncovered(nowMs: number): number {
    const late = [...this.#uncoveredSinceMs].filter(([, sinceMs]) => nowMs - sinceMs >= UNCOVERED_MS_MAX);
    return late.filter(([shard]) => this.#recorders.isConnected(shard)).length;
  }

  #services(): Map<number, ShardService> {
    const services = this.#recorders.services(performance.now());
    return this.#releases?.overlay(services) ?? services;
  }

  #describe(): IngestorPresence {
    return {
      startedAtMs: this.#startedAtMs,
      state: this.#leavesAtMs === null ? 'active' : 'leaving',
      capacity: this.#o.shardsMax,
      shards: Object.fromEntries(this.#services()),
    };
  }
}

/** The shard that a `RecycleRequest` names. @throws {RangeError} It names none; the words are for whoever asked. */
export function recycledShard(request: unknown): number {
  const { shard } = (request ?? {}) as Partial<RecycleRequest>;
  if (typeof shard !== 'number' || !Number.isSafeInteger(shard) || shard < 0) {
    throw new RangeError('a shard is named by a whole number from 0');
  }
  return shard;
}

function uncoveredSinceMs(
  assigned: ReadonlySet<number>,
  own: ReadonlyMap<number, ShardService>,
  before: ReadonlyMap<number, number>,
  nowMs: number,
): Map<number, number> {
  const uncovered = [...assigned].filter((shard) => (own.get(shard)?.state ?? 'opening') === 'opening');
  return new Map(uncovered.map((shard) => [shard, before.get(shard) ?? nowMs]));
}

function unservedReason(shards: number): string {
  return `${shards} shards are recorded by nobody, because the ingestors have no room for them (SHARDS_PER_INGESTOR_MAX)`;
}

/** An acknowledgement that takes longer means that JetStream does not store what we receive. */
const ACKNOWLEDGED_MS_MAX = 10_000;
/** First books come within seconds; a connection that gives none for so long is replaced, and that did not help. */
const UNCOVERED_MS_MAX = 60_000;
/** A missed change costs this long, never a stuck state; also how exactly overlaps and timeouts are kept. */
const RECONCILE_INTERVAL_MS = 500;
