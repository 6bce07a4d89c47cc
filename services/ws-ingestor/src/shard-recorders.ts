import type { Publisher } from '@polytape/bus';
import { OutageNotice } from '@polytape/polymarket';
import type { Logger } from '@polytape/service';
import type { Shard, ShardService } from '@polytape/types';
import type { IngestorCounters } from './ingestor-counters.ts';
import { lifecycleShards } from './lifecycle-shards.ts';
import { ShardRecorder } from './shard-recorder.ts';

export type ShardRecordersOptions = {
  ingestorId: string;
  url: string;
  publisher: Publisher;
  counters: IngestorCounters;
  firstBookTimeoutMs: number;
  /** How many shards of the plan are recorded with the venue's global events. */
  lifecycleShards: number;
  connectPaceMs: number;
  /** Told when a shard may have become covered, or no longer is. */
  onServiceChanged: () => void;
  log: Logger;
};

/**
 * The recorders of an ingestor, by the number of their shard. A full publishing queue pauses all of them: nothing is
 * dropped, the venue's frames wait in the network.
 */
export class ShardRecorders implements AsyncDisposable {
  readonly #o: ShardRecordersOptions;
  readonly #recorders = new Map<number, ShardRecorder>();
  readonly #closing = new Set<Promise<void>>();
  readonly #outage = new OutageNotice();
  /** Shards of the plan, ours or not, whose connections hear the global events. */
  #hearing: ReadonlySet<number> = new Set();
  #opensAtMs = 0;
  #isPaused = false;

  constructor(options: ShardRecordersOptions) {
    this.#o = options;
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
      if (nowMs < this.#opensAtMs) return this.#opensAtMs - nowMs;
      this.#opensAtMs = nowMs + this.#o.connectPaceMs;
      const onPublished = () => this.#pauseWhenFull();
      const hearsLifecycle = this.#hearing.has(number);
      const recorder = new ShardRecorder({
        ...this.#o,
        number,
        shard,
        hearsLifecycle,
        outage: this.#outage,
        onPublished,
      });
      if (this.#isPaused) recorder.pause();
      this.#recorders.set(number, recorder);
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Brings the subscriptions in line with the plan, and says which connections hear the venue's global events. */
  follow(plan: ReadonlyMap<number, Shard>): void {
    this.#hearing = lifecycleShards(plan.keys(), this.#o.lifecycleShards);
    for (const [number, recorder] of this.#recorders) {
      const shard = plan.get(number);
      if (shard !== undefined) recorder.follow(shard);
      recorder.hearLifecycle(this.#hearing.has(number));
    }
  }

  /** Ends the recording of these; disposing of the whole waits until it has ended. */
  close(shards: readonly number[]): void {
    for (const number of shards) {
      const recorder = this.#recorders.get(number);
      if (recorder === undefined) continue;
      this.#recorders.delete(number);
      const closing = recorder[Symbol.asyncDispose]().finally(() => this.#closing.delete(closing));
      this.#closing.add(closing);
    }
  }

  /** How each shard is served. */
  services(nowMs: number): Map<number, ShardService> {
    return new Map([...this.#recorders].map(([number, recorder]) => [number, recorder.service(nowMs)]));
  }

  isConnected(shard: number): boolean {
    return this.#recorders.get(shard)?.isConnected ?? false;
  }

  stats(nowMs: number): {
    recorded: number;
    connected: number;
    covered: number;
    tokens: number;
    tokensCovered: number;
  } {
    const recorders = [...this.#recorders.values()];
    return {
      recorded: recorders.length,
      connected: recorders.filter(({ isConnected }) => isConnected).length,
      covered: recorders.filter((recorder) => recorder.service(nowMs).state === 'covered').length,
      tokens: recorders.reduce((sum, { tokens }) => sum + tokens, 0),
      tokensCovered: recorders.reduce((sum, { coveredTokens }) => sum + coveredTokens, 0),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close([...this.#recorders.keys()]);
    await Promise.all(this.#closing);
  }

  #pauseWhenFull(): void {
    const { publisher, counters, log } = this.#o;
    if (this.#isPaused || !publisher.full) return;
    this.#isPaused = true;
    counters.pauses += 1;
    log.warn(publisher.stats(), 'The publishing queue is full: the connections are not read until it has room.');
    for (const recorder of this.#recorders.values()) recorder.pause();
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#o.log.info(this.#o.publisher.stats(), 'The publishing queue has room: the connections are read again.');
    for (const recorder of this.#recorders.values()) recorder.resume();
  }
}
