import type { Publisher } from '@polytape/bus';
import { FailureLog } from '@polytape/resilience';
import type { Logger } from '@polytape/service';
import type { Shard, ShardService } from '@polytape/types';
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
  /** How many ingestors record each shard. */
  redundancy: number;
  /** How long two connections, or two ingestors, record together. */
  overlapMs: number;
  /** How many connections also receive new and resolved markets. */
  lifecycleShards: number;
  /** `paceMs`: pause between opening two connections, for whatever reason. */
  connections: ConnectionLimits & { paceMs: number };
  /** `recyclesMax`: how many connections are replaced at the same time. */
  recycling: RecycleLimits & { recyclesMax: number };
  stalls: StallLimits;
  log: Logger;
};

/**
 * The recorders of an ingestor, by shard number. A full publishing queue pauses all of them: nothing is dropped, and the
 * venue's frames wait in the network.
 */
export class ShardRecorders implements AsyncDisposable {
  readonly #o: ShardRecordersOptions;
  readonly #onServiceChanged: () => void;
  readonly #shared: SharedParts;
  /** A queue that is full again and again fills no log. */
  readonly #pauses: FailureLog;
  readonly #recorders = new Map<number, ShardRecorder>();
  readonly #closing = new Set<Promise<void>>();
  /** The shards of the plan whose connections receive new and resolved markets, wherever they are recorded. */
  #hearing: ReadonlySet<number> = new Set();
  /** The time reserved for the next connection that is opened here; null if none is. */
  #turnAtMs: number | null = null;
  /** Shards that have left the plan while others have their tokens, and until when they are still recorded. */
  readonly #departingUntilMs = new Map<number, number>();
  /** How long the connections have been read. Stands still while they are paused or the process is held up. */
  readonly #readingClock = { nowMs: 0 };
  #recycledAtMs = performance.now();
  #isPaused = false;

  /** @param onServiceChanged Called when `services` may have changed, but not for changes that happen by time alone. */
  constructor(options: ShardRecordersOptions, onServiceChanged: () => void) {
    const { url, ingestorId, publisher, unparsedPublisher, counters } = options;
    this.#o = options;
    this.#pauses = new FailureLog(options.log);
    this.#onServiceChanged = onServiceChanged;
    this.#shared = {
      ...{ url, ingestorId, publisher, unparsedPublisher, counters },
      ...{
        outage: new FailureLog(options.log),
        pace: new ConnectPace(options.connections),
        readingClock: this.#readingClock,
      },
    };
    options.publisher.onFull(() => this.#pause());
    options.publisher.onRoom(() => this.#resume());
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /**
   * Starts recording these shards, as far as the pace allows: each connection causes a burst of books.
   *
   * @returns Milliseconds until the next one may be opened; infinity if none is left.
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

  /** Updates the subscriptions to the plan, and which connections receive new and resolved markets. */
  follow(plan: ReadonlyMap<number, Shard>, nowMs: number): void {
    this.#hearing = lifecycleShards(plan.keys(), this.#o.lifecycleShards);
    let planned: ReadonlySet<string> | null = null;
    // Needed only for tokens that have left their shard, so the whole plan is rarely searched.
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

  /** Shards that are still recorded though they have left the plan: others have their tokens, but may not cover them yet. */
  departing(nowMs: number): Set<number> {
    return new Set([...this.#departingUntilMs].filter(([, untilMs]) => nowMs < untilMs).map(([shard]) => shard));
  }

  /**
   * Takes replacements to their next step, and starts the most urgent ones: a few at a time, at the pace of all new
   * connections, so that many stalls at once do not flood the venue. A stalled connection does not wait for replacements
   * whose successor already records.
   *
   * @returns Milliseconds until the next one may start; infinity if none is waiting for the pace alone.
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

  /** Requests a fresh connection for a shard, for an operator; null if the shard is not recorded here. */
  command(shard: number): ReturnType<ShardRecorder['command']> | null {
    return this.#recorders.get(shard)?.command() ?? null;
  }

  statuses(): ReturnType<ShardRecorder['status']>[] {
    return [...this.#recorders].sort(([a], [b]) => a - b).map(([, recorder]) => recorder.status());
  }

  /** Stops recording these shards. Disposing of this object waits until their connections are closed. */
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

  /** How each shard is served, as announced in the ingestor's key. */
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

  /** The tokens of a shard whose first book has arrived here; empty if the shard is not recorded here. */
  coveredTokens(shard: number): ReadonlySet<string> {
    return this.#recorders.get(shard)?.coveredTokens ?? NONE;
  }

  isConnected(shard: number): boolean {
    return this.#recorders.get(shard)?.isConnected ?? false;
  }

  stats(nowMs: number): {
    recorded: number;
    /** Shards that have a connection, and open connections (more, if some are being replaced). */
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

  /** Milliseconds until the next connection may be opened here. The turn stays reserved until then. */
  #turnInMs(nowMs: number): number {
    this.#turnAtMs ??= this.#shared.pace.reserve(nowMs);
    return this.#turnAtMs - nowMs;
  }

  #pause(): void {
    const { publisher, counters } = this.#o;
    if (this.#isPaused) return;
    this.#isPaused = true;
    counters.pauses += 1;
    this.#pauses.failed(
      'full',
      publisher.stats(),
      'The publishing queue is full. Pausing all connections until it is half empty; nothing is dropped.',
    );
    for (const recorder of this.#recorders.values()) recorder.pause();
  }

  #resume(): void {
    // This is called a moment later, and the queue may be full again.
    if (!this.#isPaused || this.#o.publisher.full) return;
    this.#isPaused = false;
    this.#pauses.recovered(this.#o.publisher.stats(), 'The publishing queue has room again. Resuming all connections.');
    for (const recorder of this.#recorders.values()) recorder.resume();
  }
}

/**
 * The shards whose connections receive new and resolved markets: those with the lowest numbers in the plan, so that all
 * ingestors agree on them. They are few, because the venue sends all of these events to each such connection.
 */
export function lifecycleShards(planned: Iterable<number>, count: number): Set<number> {
  return new Set([...planned].sort((a, b) => a - b).slice(0, count));
}

/** Spaces the opening of connections, because each causes a burst of books. */
export class ConnectPace {
  readonly #paceMs: number;
  #nextAtMs = 0;

  constructor(o: { paceMs: number }) {
    this.#paceMs = o.paceMs;
  }

  /** Reserves the next free time. @returns That time. */
  reserve(nowMs: number): number {
    const atMs = Math.max(nowMs, this.#nextAtMs);
    this.#nextAtMs = atMs + this.#paceMs;
    return atMs;
  }
}

/** `recycle` is called twice a second. After a longer gap the process has not read what waits in its own buffers. */
const HELD_UP_MS = 2_000;
/** Long enough for the scheduler to check the reported tokens with the venue, and to move them. */
const REPORT_ROUND_MS = 60_000;
const NONE: ReadonlySet<string> = new Set();
