import { setTimeout as delay } from 'node:timers/promises';
import type { Bus, KvView, Publisher } from '@polytape/bus';
import { OutageNotice } from '@polytape/polymarket';
import type { Logger } from '@polytape/service';
import type { Shard } from '@polytape/types';
import type { IngestorCounters } from './ingestor-counters.ts';
import { lifecycleShards } from './lifecycle-shards.ts';
import { ShardRecorder } from './shard-recorder.ts';

export type IngestorOptions = {
  ingestorId: string;
  url: string;
  connectPaceMs: number;
  /** How many shards of the plan are recorded with the venue's global events. */
  lifecycleShards: number;
  publisher: Publisher;
  counters: IngestorCounters;
  log: Logger;
};

/**
 * Records the shards of the plan: compares what the plan wants with what it records, on each change of the plan and on
 * a timer, and opens, changes or closes recorders for the difference.
 *
 * It serves every shard. Other replicas do the same: a trade that several of them capture has one identity and is
 * stored once.
 */
export class Ingestor implements AsyncDisposable {
  readonly #o: IngestorOptions;
  readonly #recorders = new Map<number, ShardRecorder>();
  readonly #outage = new OutageNotice();
  #plan: KvView<Shard> | null = null;
  #isPaused = false;

  constructor(options: IngestorOptions) {
    this.#o = options;
    options.publisher.onRoom(() => this.#resume());
  }

  /** Records until `signal` aborts, then closes every connection. */
  async run(bus: Bus, signal: AbortSignal): Promise<void> {
    const shards = await bus.kv<Shard>('shards');
    await using plan = shards.view({ signal });
    await plan.ready;
    this.#plan = plan;
    let changed = Promise.withResolvers<void>();
    plan.onChange(() => changed.resolve());
    while (!signal.aborted) {
      changed = Promise.withResolvers<void>();
      await this.#reconcile(plan, signal);
      await changedOrElapsed(changed.promise, RECONCILE_INTERVAL_MS, signal);
    }
    await this[Symbol.asyncDispose]();
  }

  /** Numbers that metrics and readiness show; `wanted` is null until the plan has been read. */
  stats(): { wanted: number | null; recorded: number; connected: number; tokens: number; covered: number } {
    const recorders = [...this.#recorders.values()];
    return {
      wanted: this.#plan === null ? null : this.#plan.entries().size,
      recorded: recorders.length,
      connected: recorders.filter(({ isConnected }) => isConnected).length,
      tokens: recorders.reduce((sum, { tokens }) => sum + tokens, 0),
      covered: recorders.reduce((sum, { coveredTokens }) => sum + coveredTokens, 0),
    };
  }

  /** Why the ingestor is not doing its job. */
  readiness(bus: Bus): string[] {
    const { wanted, recorded, connected } = this.stats();
    const reasons: string[] = [];
    if (!bus.connected) reasons.push('the connection to NATS is interrupted');
    if (wanted === null) reasons.push('the plan has not been read yet');
    else if (wanted === 0) reasons.push('the plan has no shards yet: the scheduler has found no market');
    else if (connected < wanted) reasons.push(`${wanted - connected} of ${wanted} shards have no connection`);
    const { oldestTakenAtMs } = this.#o.publisher.stats();
    if (oldestTakenAtMs !== null && Date.now() - oldestTakenAtMs > ACKNOWLEDGED_MS_MAX) {
      reasons.push(
        `JetStream has not acknowledged a message for ${Math.round((Date.now() - oldestTakenAtMs) / 1_000)} s`,
      );
    }
    if (recorded > 0 && this.#isPaused) reasons.push('the publishing queue is full');
    return reasons;
  }

  /** What a stop that cannot wait would leave. */
  unfinished(): string | null {
    const { queued, unacknowledged } = this.#o.publisher.stats();
    return queued + unacknowledged === 0 ? null : `${queued + unacknowledged} messages not acknowledged by JetStream`;
  }

  /** Numbers of the shards that are recorded. */
  get shardNumbers(): number[] {
    return [...this.#recorders.keys()];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const recorders = [...this.#recorders.values()];
    this.#recorders.clear();
    await Promise.all(recorders.map((recorder) => recorder[Symbol.asyncDispose]()));
  }

  async #reconcile(plan: KvView<Shard>, signal: AbortSignal): Promise<void> {
    if (plan.entries().size === 0 && this.#recorders.size > 0) {
      this.#o.log.warn(
        { recorded: this.#recorders.size },
        'The plan is gone: recording on by the last one until there is another.',
      );
      return;
    }
    const wanted = new Map([...plan.entries()].map(([key, { value }]) => [Number(key), value]));
    const hearing = lifecycleShards(wanted.keys(), this.#o.lifecycleShards);
    for (const [number, recorder] of this.#recorders) {
      const shard = wanted.get(number);
      if (shard !== undefined) {
        recorder.follow(shard);
        recorder.hearLifecycle(hearing.has(number));
      } else {
        this.#recorders.delete(number);
        await recorder[Symbol.asyncDispose]();
        this.#o.log.info({ shard: number }, `Shard ${number} left the plan: its connection is closed.`);
      }
    }
    for (const [number, shard] of wanted) {
      if (this.#recorders.has(number)) continue;
      const recorder = new ShardRecorder({
        ...this.#o,
        number,
        shard,
        hearsLifecycle: hearing.has(number),
        outage: this.#outage,
        onPublished: () => this.#pauseWhenFull(),
      });
      if (this.#isPaused) recorder.pause();
      this.#recorders.set(number, recorder);
      await delay(this.#o.connectPaceMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
    }
  }

  /** A full queue pauses the sockets: nothing is dropped, the venue's frames wait in the network. */
  #pauseWhenFull(): void {
    if (this.#isPaused || !this.#o.publisher.full) return;
    this.#isPaused = true;
    this.#o.counters.pauses += 1;
    this.#o.log.warn(
      this.#o.publisher.stats(),
      'The publishing queue is full: the connections are not read until it has room.',
    );
    for (const recorder of this.#recorders.values()) recorder.pause();
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#o.log.info(this.#o.publisher.stats(), 'The publishing queue has room: the connections are read again.');
    for (const recorder of this.#recorders.values()) recorder.resume();
  }
}

/** Resolves on the change, when the time is over, or when the signal aborts. */
async function changedOrElapsed(changed: Promise<void>, ms: number, signal: AbortSignal): Promise<void> {
  const timer = new AbortController();
  await Promise.race([
    changed,
    delay(ms, undefined, { signal: AbortSignal.any([signal, timer.signal]) }).catch(() => {}),
  ]);
  timer.abort();
}

/** An acknowledgement that takes longer means that JetStream does not store what we receive. */
const ACKNOWLEDGED_MS_MAX = 10_000;
/** A missed change of the plan costs this long, never a stuck state. */
const RECONCILE_INTERVAL_MS = 5_000;
