import type { Publisher } from '@polytape/bus';
import type { Logger } from '@polytape/service';
import { OutageNotice, type Shard, type ShardService } from '@polytape/types';
import type { ConnectionLimits, SharedParts } from '../connection/shard-connection.ts';
import type { IngestorCounters } from '../ingestor-counters.ts';
import type { UnparsedPublisher } from '../publishing/unparsed-publisher.ts';
import type { RecycleLimits } from '../replacement/recycle-reason.ts';
import { recycleTurns } from '../replacement/recycle-turns.ts';
import type { StallLimits } from '../replacement/shard-pulse.ts';
import { reportedLacking, reportedMissing } from './reported-tokens.ts';
import { ShardRecorder } from './shard-recorder.ts';

export type ShardRecordersOptions = {
  ingestorId: string;
  /** The market channel's full address. */
  url: string;
  publisher: Publisher;
  unparsedPublisher: UnparsedPublisher;
  counters: IngestorCounters;
  /** How many ingestors are to record each shard. */
  redundancy: number;
  /** How long two connections, or two ingestors, record together. */
  overlapMs: number;
  /** How many shards of the plan are recorded with the venue's global events. */
  lifecycleShards: number;
  /** `paceMs`: between two new connections, whatever they are opened for. */
  connections: ConnectionLimits & { paceMs: number };
  /** `recyclesMax`: connections that are replaced at a time. */
  recycling: RecycleLimits & { recyclesMax: number };
  stalls: StallLimits;
  log: Logger;
};

/**
 * The recorders of an ingestor, by the number of their shard. A full publishing queue pauses all of them: nothing is
 * dropped, the venue's frames wait in the network.
 */
export class ShardRecorders implements AsyncDisposable {
  readonly #o: ShardRecordersOptions;
  readonly #onServiceChanged: () => void;
  readonly #shared: SharedParts;
  readonly #recorders = new Map<number, ShardRecorder>();
  readonly #closing = new Set<Promise<void>>();
  /** Shards of the plan, ours or not, whose connections hear the global events. */
  #hearing: ReadonlySet<number> = new Set();
  /** The moment that is reserved for the next connection of those that are opened here. */
  #turnAtMs: number | null = null;
  /** Shards that have left the plan while others have their tokens, and until when they are recorded on. */
  readonly #departingUntilMs = new Map<number, number>();
  /** Time that the connections were read: it stands still while they are paused, and while this process does. */
  readonly #readingClock = { nowMs: 0 };
  #recycledAtMs = performance.now();
  #isPaused = false;

  /** `onServiceChanged`: called when what `services` says may have changed, but for what time alone changes. */
  constructor(options: ShardRecordersOptions, onServiceChanged: () => void) {
    const { url, ingestorId, publisher, unparsedPublisher, counters } = options;
    this.#o = options;
    this.#onServiceChanged = onServiceChanged;
    this.#shared = {
      ...{ url, ingestorId, publisher, unparsedPublisher, counters },
      ...{ outage: new OutageNotice(), pace: new ConnectPace(options.connections), readingClock: this.#readingClock },
    };
    options.publisher.onFull(() => this.#pause());
    options.publisher.onRoom(() => this.#resume());
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /**
   * Begins to record the first of these shards, and as many more as the pace allows: each connection causes a burst of
   * books. @returns Milliseconds until the next one may be opened; infinity when none is left.
   */
  open(shards: readonly (readonly [number, Shard])[], nowMs: number): number {
    for (const [number, shard] of shards) {
      const turnInMs = this.#turnInMs(nowMs);
      if (turnInMs > 0) return turnInMs;
      this.#turnAtMs = null;
      this.#recorders.set(number, this.#recorderOf(number, shard));
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Brings the subscriptions in line with the plan, and says which connections hear the venue's global events. */
  follow(plan: ReadonlyMap<number, Shard>, nowMs: number): void {
    this.#hearing = lifecycleShards(plan.keys(), this.#o.lifecycleShards);
    let planned: ReadonlySet<string> | null = null;
    // Asked only of tokens that have left their shard, so that the whole plan is seldom gone through.
    const isElsewhere = (tokenId: string): boolean => {
      planned ??= new Set([...plan.values()].flatMap(({ tokens }) => tokens.map((token) => token.tokenId)));
      return planned.has(tokenId);
    };
    for (const [number, recorder] of this.#recorders) {
      const shard = plan.get(number);
      if (shard !== undefined) {
        this.#departingUntilMs.delete(number);
        recorder.follow(shard, isElsewhere, nowMs);
      } else if (!this.#departingUntilMs.has(number) && recorder.wanted.some(isElsewhere)) {
        this.#departingUntilMs.set(number, nowMs + this.#o.overlapMs);
      }
      recorder.hearLifecycle(this.#hearing.has(number));
    }
  }

  /** Shards that are recorded on though they have left the plan: others have their tokens, and may not cover them yet. */
  departing(nowMs: number): Set<number> {
    return new Set([...this.#departingUntilMs].filter(([, untilMs]) => nowMs < untilMs).map(([shard]) => shard));
  }

  /**
   * Takes replacements of connections further, and begins those that are wanted most urgently: a few at a time, and at the
   * pace of all new connections. When many connections stall at once, the venue is not stormed. One that has stalled does
   * not wait for those whose successors record already.
   *
   * @returns Milliseconds until the next one may be begun; infinity when none waits for its moment alone.
   */
  recycle(nowMs: number, o: { mayBegin: boolean }): number {
    const wasHeldUp = nowMs - this.#recycledAtMs > HELD_UP_MS;
    if (!this.#isPaused) this.#readingClock.nowMs += Math.min(nowMs - this.#recycledAtMs, HELD_UP_MS);
    this.#recycledAtMs = nowMs;
    const recorders = [...this.#recorders.values()];
    for (const recorder of recorders) {
      if (wasHeldUp) recorder.resetSilence(nowMs);
      recorder.advance(nowMs);
    }
    let opening = recorders.filter(({ isOpeningSuccessor }) => isOpeningSuccessor).length;
    let pending = recorders.filter(({ isRecycling }) => isRecycling).length;
    if (opening >= this.#o.recycling.recyclesMax || !o.mayBegin) return Number.POSITIVE_INFINITY;
    const wishes = recorders.flatMap((recorder) => {
      const wish = recorder.wish(nowMs);
      return wish === null ? [] : [{ ...wish, recorder }];
    });
    for (const { recorder, reason } of recycleTurns(wishes)) {
      if ((reason === 'stalled' ? opening : pending) >= this.#o.recycling.recyclesMax) continue;
      const turnInMs = this.#turnInMs(nowMs);
      if (turnInMs > 0) return turnInMs;
      this.#turnAtMs = null;
      opening += 1;
      pending += 1;
      recorder.recycle(reason, nowMs);
    }
    return Number.POSITIVE_INFINITY;
  }

  /** An operator wants a fresh connection for this shard; null when it is not recorded here. */
  command(shard: number): ReturnType<ShardRecorder['command']> | null {
    return this.#recorders.get(shard)?.command() ?? null;
  }

  statuses(): ReturnType<ShardRecorder['status']>[] {
    return [...this.#recorders].sort(([a], [b]) => a - b).map(([, recorder]) => recorder.status());
  }

  /** Ends the recording of these; disposing of the whole waits until it has ended. */
  close(shards: readonly number[]): void {
    for (const number of shards) {
      const recorder = this.#recorders.get(number);
      if (recorder === undefined) continue;
      this.#recorders.delete(number);
      this.#departingUntilMs.delete(number);
      const closing = recorder[Symbol.asyncDispose]().finally(() => this.#closing.delete(closing));
      this.#closing.add(closing);
    }
  }

  /** How each shard is served, as the ingestor's key says it. */
  services(nowMs: number): Map<number, ShardService> {
    const services = reportedLacking(
      new Map([...this.#recorders].map(([number, recorder]) => [number, recorder.service(nowMs)])),
    );
    const missing = new Map([...this.#recorders].map(([number, { missingTokens }]) => [number, missingTokens]));
    const reported = reportedMissing(missing, { round: Math.floor(nowMs / REPORT_ROUND_MS) });
    for (const [number, tokenIds] of reported) {
      const service = services.get(number);
      if (service !== undefined) services.set(number, { ...service, missing: tokenIds });
    }
    return services;
  }

  /** The tokens of a shard whose first book has come here; none of a shard that is not recorded here. */
  coveredTokens(shard: number): ReadonlySet<string> {
    return this.#recorders.get(shard)?.coveredTokens ?? NONE;
  }

  isConnected(shard: number): boolean {
    return this.#recorders.get(shard)?.isConnected ?? false;
  }

  stats(nowMs: number): {
    recorded: number;
    /** Shards that have a connection, and connections that are open: more while some are replaced. */
    shardsConnected: number;
    connected: number;
    covered: number;
    tokens: number;
    tokensCovered: number;
    tokensMissing: number;
    recycling: number;
  } {
    const recorders = [...this.#recorders.values()];
    return {
      recorded: recorders.length,
      shardsConnected: recorders.filter(({ isConnected }) => isConnected).length,
      connected: recorders.reduce((sum, { connected }) => sum + connected, 0),
      covered: recorders.filter((recorder) => recorder.service(nowMs).state === 'covered').length,
      tokens: recorders.reduce((sum, { tokens }) => sum + tokens, 0),
      tokensCovered: recorders.reduce((sum, { tokensCovered }) => sum + tokensCovered, 0),
      tokensMissing: recorders.reduce((sum, { missingTokens }) => sum + missingTokens.length, 0),
      recycling: recorders.filter(({ isRecycling }) => isRecycling).length,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close([...this.#recorders.keys()]);
    await Promise.all(this.#closing);
  }

  #recorderOf(number: number, shard: Shard): ShardRecorder {
    const { connections, recycling, stalls, overlapMs, redundancy, log } = this.#o;
    return new ShardRecorder({
      ...{ shared: this.#shared, limits: connections, recycling, stalls, overlapMs, redundancy, number, shard, log },
      hearsLifecycle: this.#hearing.has(number),
      isPaused: this.#isPaused,
      onStallOver: () => {
        for (const recorder of this.#recorders.values()) recorder.tryAgain();
      },
      onServiceChanged: this.#onServiceChanged,
    });
  }

  /** Milliseconds until the next connection may be opened here. It keeps its turn until it is opened. */
  #turnInMs(nowMs: number): number {
    this.#turnAtMs ??= this.#shared.pace.reserve(nowMs);
    return this.#turnAtMs - nowMs;
  }

  #pause(): void {
    const { publisher, counters, log } = this.#o;
    if (this.#isPaused) return;
    this.#isPaused = true;
    counters.pauses += 1;
    log.warn(publisher.stats(), 'The publishing queue is full: the connections are not read until it has room.');
    for (const recorder of this.#recorders.values()) recorder.pause();
  }

  #resume(): void {
    // Told a moment later, in which it may have become full again.
    if (!this.#isPaused || this.#o.publisher.full) return;
    this.#isPaused = false;
    this.#o.log.info(this.#o.publisher.stats(), 'The publishing queue has room: the connections are read again.');
    for (const recorder of this.#recorders.values()) recorder.resume();
  }
}

/**
 * The shards whose connections hear the venue's global events: those with the lowest numbers in the plan, so that all
 * replicas agree on them. They are few, because the events go to every such connection.
 */
export function lifecycleShards(planned: Iterable<number>, count: number): Set<number> {
  return new Set([...planned].sort((a, b) => a - b).slice(0, count));
}

/** Gives each connection of a process its moment: each causes a burst of books, and the venue is not to be stormed. */
export class ConnectPace {
  readonly #paceMs: number;
  #nextAtMs = 0;

  constructor(o: { paceMs: number }) {
    this.#paceMs = o.paceMs;
  }

  /** Takes the next free moment. @returns When that is. */
  reserve(nowMs: number): number {
    const atMs = Math.max(nowMs, this.#nextAtMs);
    this.#nextAtMs = atMs + this.#paceMs;
    return atMs;
  }
}

/** The ingestor asks twice a second: a process that comes so late has not looked at what waits in its own buffers. */
const HELD_UP_MS = 2_000;
/** In this time the scheduler can ask the venue for the tokens that were reported, and move them. */
const REPORT_ROUND_MS = 60_000;
const NONE: ReadonlySet<string> = new Set();
