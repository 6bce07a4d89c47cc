import { once } from 'node:events';
import { Bus, type KvBucket, RevisionConflictError } from '@polytape/bus';
import { createLogger } from '@polytape/service';
import { testNats } from '@polytape/test-servers';
import type { LeaderRecord, Shard } from '@polytape/types';
import { describe, expect, test } from 'vitest';
import type { LeaderTerm } from '../../src/leadership/leader-term.ts';
import { Leadership } from '../../src/leadership/leadership.ts';
import { ShardPlan } from '../../src/plan/shard-plan.ts';

const log = createLogger({ service: 'test', level: 'error' });

describe.concurrent('of several schedulers', () => {
  test('one leads, and another follows within a second or two when it stops', async () => {
    await using nats = await testNats();
    const rivals = await Promise.all(['a', 'b', 'c'].map((id) => Rival.start(nats.url, id)));
    await using stack = new AsyncDisposableStack();
    for (const rival of rivals) stack.use(rival);
    const first = await Promise.race(rivals.map((rival) => rival.term()));
    expect(rivals.filter(({ isLeading }) => isLeading)).toEqual([first.rival]);

    const others = rivals.filter((rival) => rival !== first.rival);
    const next = Promise.race(others.map((rival) => rival.term()));
    const askedAtMs = performance.now();
    await first.rival.stop();
    const second = await next;
    expect(performance.now() - askedAtMs).toBeLessThan(2_000);
    expect(rivals.filter(({ isLeading }) => isLeading)).toEqual([second.rival]);
  });

  test('the one whose key was taken stops leading, and leaves that key alone', async () => {
    await using nats = await testNats();
    await using rival = await Rival.start(nats.url, 'a');
    const { term } = await rival.term();
    const ended = once(term.signal, 'abort');
    const { revision } = (await rival.bucket.get('scheduler')) ?? { revision: 0 };
    await rival.bucket.update('scheduler', { schedulerId: 'thief', sinceMs: 0 }, revision);
    await ended; // at the next renewal
    expect(term.endedBecause).toBe('scheduler thief leads');
    await rival.untilIdle();
    expect((await rival.bucket.get('scheduler'))?.value.schedulerId).toBe('thief');
  }, 30_000);

  test('the one that finds its own key, written by a request whose answer was lost, leads with it', async () => {
    await using nats = await testNats();
    await using bus = await busAt(nats.url);
    const bucket = await bus.kv<LeaderRecord>('leader');
    const lost = await bucket.create('scheduler', { schedulerId: 'a', sinceMs: 1 });
    await using rival = await Rival.start(nats.url, 'a');
    await rival.term();
    const held = await bucket.get('scheduler');
    expect(held?.value).toEqual({ schedulerId: 'a', sinceMs: 1 });
    expect(held?.revision).toBeGreaterThan(lost);
  });

  test('the one whose renewals fail stops leading before its key can expire', async ({ skip }) => {
    await using nats = await testNats();
    if (!nats.canRestart) skip('the server of TEST_NATS_URL is not ours to end');
    await using rival = await Rival.start(nats.url, 'a');
    const { term } = await rival.term();
    const ended = once(term.signal, 'abort');
    const renewedAtMs = performance.now(); // at the latest
    await nats.kill();
    await ended;
    expect(term.endedBecause).toBe('its key could not be renewed in time');
    expect(performance.now() - renewedAtMs).toBeLessThan(15_000);
    expect(() => term.throwIfOver()).toThrow();
    // It leads again when the broker is back, because nobody else does.
    const again = rival.term(2);
    await nats.start();
    await again;
  }, 60_000);

  test('one whose work fails for a transient reason tries again in a new term', async () => {
    await using nats = await testNats();
    const conflict = new RevisionConflictError('shards', '0', null);
    await using rival = await Rival.start(nats.url, 'a', { failsOnceWith: conflict });
    const { term } = await rival.term();
    expect(term.signal.aborted).toBe(true);
    const again = await rival.term(2);
    expect(again.term.signal.aborted).toBe(false);
  });
});

describe.concurrent('two schedulers that both believe that they lead', () => {
  test('cannot both write a shard: the later write fails', async () => {
    await using nats = await testNats();
    await using rival = await Rival.start(nats.url, 'a');
    const { term } = await rival.term();
    const shards = await rival.bus.kv<Shard>('shards');
    const shard = (version: number, tokenId: string): Shard => ({ version, tokens: [{ tokenId, conditionId: '0x1' }] });
    await shards.create('0', shard(1, '1'));
    const [one, other] = await Promise.all([ShardPlan.read(shards, term), ShardPlan.read(shards, term)]);

    await one.write({ number: 0, shard: shard(2, '2') });
    await expect(other.write({ number: 0, shard: shard(2, '3') })).rejects.toBeInstanceOf(RevisionConflictError);
    await expect(other.write({ number: 0, shard: null })).rejects.toBeInstanceOf(RevisionConflictError);
    await one.write({ number: 1, shard: shard(1, '4') });
    await expect(other.write({ number: 1, shard: shard(1, '5') })).rejects.toBeInstanceOf(RevisionConflictError);
    expect((await shards.get('0'))?.value).toEqual(shard(2, '2'));
    expect((await shards.get('1'))?.value).toEqual(shard(1, '4'));

    // Many writes at once, in any order: each revision of a shard has one successor.
    const plans = await Promise.all(Array.from({ length: 8 }, () => ShardPlan.read(shards, term)));
    const writes = plans.map((plan, index) => plan.write({ number: 0, shard: shard(3, String(10 + index)) }));
    const ends = await Promise.allSettled(writes);
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('do not even try to write once their term is over', async () => {
    await using nats = await testNats();
    await using rival = await Rival.start(nats.url, 'a');
    const { term } = await rival.term();
    const shards = await rival.bus.kv<Shard>('shards');
    const plan = await ShardPlan.read(shards, term);
    term.end('another leads');
    const write = plan.write({ number: 0, shard: { version: 1, tokens: [] } });
    await expect(write).rejects.toMatchObject({ name: 'TermOverError' });
    expect(await shards.get('0')).toBeNull();
  });
});

/** A scheduler that does nothing but lead. */
class Rival implements AsyncDisposable {
  readonly bus: Bus;
  readonly bucket: KvBucket<LeaderRecord>;
  readonly #leadership: Leadership;
  readonly #stop = new AbortController();
  readonly #terms: LeaderTerm[] = [];
  #begun = Promise.withResolvers<void>();
  #idle = Promise.resolve();
  readonly #running: Promise<void>;

  static async start(url: string, schedulerId: string, o: { failsOnceWith?: Error } = {}): Promise<Rival> {
    const bus = await busAt(url);
    return new Rival(bus, await bus.kv<LeaderRecord>('leader'), schedulerId, o.failsOnceWith ?? null);
  }

  private constructor(bus: Bus, bucket: KvBucket<LeaderRecord>, schedulerId: string, failure: Error | null) {
    this.bus = bus;
    this.bucket = bucket;
    this.#leadership = new Leadership({ bucket, schedulerId, log });
    this.#running = this.#leadership.run((term) => this.#work(term, failure), this.#stop.signal);
  }

  get isLeading(): boolean {
    return this.#leadership.isLeading;
  }

  /** Waits for the term with this number. */
  async term(number = 1): Promise<{ rival: Rival; term: LeaderTerm }> {
    for (;;) {
      const term = this.#terms[number - 1];
      if (term !== undefined) return { rival: this, term };
      await this.#begun.promise;
    }
  }

  /** Resolves when the work of the present term has ended. */
  async untilIdle(): Promise<void> {
    await this.#idle;
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('stopped by the test'));
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.bus[Symbol.asyncDispose]();
  }

  async #work(term: LeaderTerm, failure: Error | null): Promise<void> {
    const idle = Promise.withResolvers<void>();
    this.#idle = idle.promise;
    this.#terms.push(term);
    this.#begun.resolve();
    this.#begun = Promise.withResolvers();
    try {
      if (failure !== null && this.#terms.length === 1) throw failure;
      if (!term.signal.aborted) await once(term.signal, 'abort');
    } finally {
      idle.resolve();
    }
  }
}

async function busAt(url: string): Promise<Bus> {
  const bus = await Bus.connect({ url, name: 'test', log, signal: never });
  await bus.reconcile(never);
  return bus;
}

const never = new AbortController().signal;
