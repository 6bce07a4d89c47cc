import type { Bus, KvView } from '@polytape/bus';
import { WakeUp } from '@polytape/resilience';
import type { Logger } from '@polytape/service';
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
  /** How many shards this ingestor can record. */
  shardsMax: number;
  /** How long a stop waits for others to cover the shards. */
  handOverMsMax: number;
};

/**
 * Records its share of the plan. On each change of the plan, of the other ingestors or of its own connections, and on a
 * timer, it compares what it should record with what it does, and acts on the difference.
 *
 * recording -> leaving (after the signal: it waits until the others cover its shards) -> ended. `ownShare`, `decideShards`
 * and `mayClose` make the decisions. The broker is needed to learn of changes and to release shards; without it, the
 * ingestor keeps recording what it records.
 */
export class Ingestor implements AsyncDisposable {
  readonly #o: IngestorOptions;
  readonly #log: Logger;
  readonly #startedAtMs = Date.now();
  readonly #recorders: ShardRecorders;
  #plan: ReadonlyMap<number, Shard> | null = null;
  #share: OwnShare | null = null;
  #relievedSinceMs: ReadonlyMap<number, number> = new Map();
  /** Since when each assigned shard that is not covered has been uncovered. */
  #uncoveredSinceMs: ReadonlyMap<number, number> = new Map();
  readonly #wakeUp = new WakeUp();
  #isPlanGone = false;
  #announced = '';
  #lastShare: { key: string; share: OwnShare } | null = null;
  #releases: ShardReleases | null = null;
  /** When the hand-over ends; null until the ingestor leaves. */
  #leavesAtMs: number | null = null;

  constructor(options: IngestorOptions) {
    this.#o = options;
    this.#log = options.log;
    this.#recorders = new ShardRecorders(options, () => this.#wakeUp.wake());
  }

  /** Records until `signal` aborts. Then hands its shards over, if there are others and time, and ends. */
  async run(signal: AbortSignal): Promise<void> {
    const { bus, ingestorId, counters } = this.#o;
    const log = this.#log;
    // The views outlive the signal: a leaving ingestor must see the others take over.
    const starting = new AbortController();
    const abandon = () => starting.abort(signal.reason);
    signal.addEventListener('abort', abandon, { once: true });
    const bucket = await bus.kv<IngestorPresence>('ingestors', presenceFault);
    await using plan = (await bus.kv<Shard>('shards', shardFault)).view({ signal: starting.signal });
    await using view = bucket.view({ signal: starting.signal });
    signal.throwIfAborted();
    await Promise.all([plan.ready, view.ready]);
    signal.removeEventListener('abort', abandon);

    // In this order: an ingestor that writes its key again after we have written ours answers us, and is alive.
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
    const wake = () => this.#wakeUp.wake();
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

  /** Figures for the metrics; null until the plan has been read. */
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

  /** The answer to `pm.cmd.status`. */
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

  /** Replaces a shard's connection, in its turn, at an operator's request. @throws {RangeError} It names no shard. */
  recycle(request: unknown): RecycleAnswer {
    const { ingestorId } = this.#o;
    const answer = this.#recorders.command(recycledShard(request));
    if (answer === null) return { ingestorId, result: 'not_mine', connectionId: null };
    this.#wakeUp.wake();
    return { ingestorId, ...answer };
  }

  /** The reasons why the ingestor is not doing its job. */
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

  /** What would be lost if the process ended now; null if nothing would. */
  unfinished(): string | null {
    const { queued, unacknowledged } = this.#o.publisher.stats();
    return queued + unacknowledged === 0 ? null : `${queued + unacknowledged} messages not acknowledged by JetStream`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#recorders[Symbol.asyncDispose]();
  }

  /** Compares and acts, until the ingestor has left. */
  async #follow(o: {
    plan: KvView<Shard>;
    fleet: FleetView;
    presence: PresenceKey;
    releases: ShardReleases;
  }): Promise<void> {
    let releasing = Promise.resolve();
    for (;;) {
      const nowMs = performance.now();
      const nextOpenInMs = this.#act(o, nowMs, (services) => {
        releasing = o.releases.attempt(services).then(() => {
          // Releases that were taken back are tried again after another overlap, not at once.
          this.#relievedSinceMs = new Map([...this.#relievedSinceMs].filter(([shard]) => !services.has(shard)));
          this.#wakeUp.wake();
        });
      });
      // A newcomer gets an answer even if nothing has changed: it wants to know that this ingestor is alive.
      const said = JSON.stringify([this.#describe(), [...o.fleet.others(nowMs).keys()]]);
      if (said !== this.#announced) o.presence.announce();
      this.#announced = said;
      if (this.#hasLeft(nowMs)) break;
      await this.#wakeUp.wait(Math.min(nextOpenInMs, RECONCILE_INTERVAL_MS));
    }
    await releasing;
  }

  /** Compares and acts once. @returns Milliseconds until another connection may be opened. */
  #act(
    o: { plan: KvView<Shard>; fleet: FleetView; releases: ShardReleases },
    nowMs: number,
    release: (services: Map<number, ShardService>) => void,
  ): number {
    const plan = this.#obeyed(new Map([...o.plan.entries()].map(([key, { value }]) => [Number(key), value])));
    const others = o.fleet.others(nowMs);
    this.#plan = plan;
    this.#recorders.follow(plan, nowMs);
    this.#share = this.#logChanges(this.#shareAmong(others));
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

  /** The plan to follow. A plan that is suddenly empty was lost with its bucket, so the last one stays valid. */
  #obeyed(plan: ReadonlyMap<number, Shard>): ReadonlyMap<number, Shard> {
    if (plan.size > 0 || this.#plan === null || this.#plan.size === 0) {
      this.#isPlanGone = false;
      return plan;
    }
    if (!this.#isPlanGone)
      this.#log.warn({}, 'The plan in bucket shards is gone. Recording by the last known plan until there is another.');
    this.#isPlanGone = true;
    return this.#plan;
  }

  #leave(): void {
    this.#leavesAtMs = performance.now() + this.#o.handOverMsMax;
    this.#wakeUp.wake();
  }

  #hasLeft(nowMs: number): boolean {
    if (this.#leavesAtMs === null) return false;
    const { recorded } = this.#recorders.stats(nowMs);
    if (recorded > 0 && nowMs < this.#leavesAtMs) return false;
    if (recorded > 0)
      this.#log.warn(
        { shards: recorded },
        `Closing ${counted(recorded, 'shard')} that no other ingestor covers: trades are lost until one does.`,
      );
    return true;
  }

  #shareAmong(others: Presences): OwnShare {
    const { ingestorId: id, shardsMax: capacity, redundancy } = this.#o;
    const self = { id, capacity, isLeaving: this.#leavesAtMs !== null };
    const shards = [...(this.#plan?.keys() ?? [])];
    // Each ingestor writes its presence every few seconds, which rarely changes the members.
    const members = [...others].map(([other, { state, capacity: room }]) => [other, state, room]);
    const key = JSON.stringify([self.isLeaving, members, shards]);
    if (this.#lastShare?.key !== key) {
      this.#lastShare = { key, share: ownShare({ shards, self, others, redundancy }) };
    }
    return this.#lastShare.share;
  }

  /** Logs what has changed in the share. */
  #logChanges(share: OwnShare): OwnShare {
    const { assigned, members, unserved } = share;
    const last = this.#share;
    const { ingestorId } = this.#o;
    const fields = { ingestorId, shards: assigned.size, planned: this.#plan?.size, members, unserved: unserved.length };
    if (last === null || last.members !== members || last.assigned.size !== assigned.size) {
      this.#log.info(
        fields,
        `Recording ${assigned.size} of ${counted(this.#plan?.size ?? 0, 'shard')}, shared by ${counted(members, 'ingestor')}.`,
      );
    }
    if (this.#leavesAtMs === null && unserved.length > 0 && unserved.length !== (last?.unserved.length ?? 0)) {
      this.#log.error(
        fields,
        `${unservedReason(unserved.length)}. Start more ingestors, or raise SHARDS_PER_INGESTOR_MAX.`,
      );
    }
    return share;
  }

  /** How many shards have a connection and have been uncovered for too long. */
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

/** The shard of a `RecycleRequest`. @throws {RangeError} It names none; the requester gets the message. */
export function recycledShard(request: unknown): number {
  const { shard } = (request ?? {}) as Partial<RecycleRequest>;
  if (typeof shard !== 'number' || !Number.isSafeInteger(shard) || shard < 0) {
    throw new RangeError('the shard must be a whole number from 0');
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
  return `No ingestor records ${counted(shards, 'shard')}, because none has room (SHARDS_PER_INGESTOR_MAX)`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** If an acknowledgement takes longer, JetStream is not storing what we receive. */
const ACKNOWLEDGED_MS_MAX = 10_000;
/** First books arrive within seconds. By this time the connection has been replaced, and that has not helped. */
const UNCOVERED_MS_MAX = 60_000;
/** The longest delay after a missed change, and the precision of overlaps and timeouts. */
const RECONCILE_INTERVAL_MS = 500;
