import type { Logger } from '@polytape/service';
import { LACKING_TOKENS_MAX, SHARD_TOKENS_MAX, type Shard, type ShardService, type ShardStatus } from '@polytape/types';
import type { ConnectionLimits, ShardConnection, SharedParts } from '../connection/shard-connection.ts';
import type { ShardSocket } from '../connection/shard-socket.ts';
import { RecycleLog } from '../replacement/recycle-log.ts';
import { type RecycleLimits, type RecycleReason, recycleReason } from '../replacement/recycle-reason.ts';
import type { RecycleWish } from '../replacement/recycle-turns.ts';
import { RetryTimes } from '../replacement/retry-times.ts';
import { ShardConnections } from '../replacement/shard-connections.ts';
import { ShardPulse, type StallLimits } from '../replacement/shard-pulse.ts';
import type { Succession } from '../replacement/succession.ts';
import { DepartingTokens } from './departing-tokens.ts';
import { MissingBooks } from './missing-books.ts';

export type ShardRecorderOptions = {
  shared: SharedParts;
  limits: ConnectionLimits;
  recycling: RecycleLimits;
  stalls: StallLimits;
  /** How long two connections record together, and how long a token that has moved to another shard is kept. */
  overlapMs: number;
  /** How many ingestors record each shard. With one, trades that a dead connection misses are lost. */
  redundancy: number;
  number: number;
  shard: Shard;
  /** Whether its connection also receives new and resolved markets. */
  hearsLifecycle: boolean;
  isPaused: boolean;
  /** Called when a stalled connection has been replaced after failed attempts. */
  onStallOver: () => void;
  /** Called when `service` may have changed, but not for changes that happen by time alone. */
  onServiceChanged: () => void;
  log: Logger;
};

/**
 * Records one shard: keeps a connection that covers its tokens, and replaces it by a successor before closing it.
 *
 * current -> current and successor (`recycle`) -> current and draining, once the successor covers the shard -> current. If
 * the successor does not cover the shard in time, or does not last, it is closed and the old connection stays. The
 * recorder never starts a replacement by itself: `wish` says whether and why it wants one, and the ingestor grants a few
 * at a time.
 */
export class ShardRecorder implements AsyncDisposable {
  readonly number: number;
  readonly #o: ShardRecorderOptions;
  readonly #log: Logger;
  readonly #pulse: ShardPulse;
  readonly #missing = new MissingBooks();
  readonly #retries: RetryTimes;
  readonly #recycleLog: RecycleLog;
  readonly #wanted: Set<string>;
  readonly #connections: ShardConnections;
  readonly #departing = new DepartingTokens();
  #version: number;
  /** The shard followed last: mostly `follow` is called with the same one again. */
  #followed: Shard | null = null;
  #isCommanded = false;
  /** Set if the connection is silent and could not be replaced: it does not count as covering until it has more data. */
  #doubtedAtFrames: number | null = null;
  #wasHeard = false;
  /** When the venue last sent the first books of this version in a frame above the limit; null if it has not. */
  #dumpTooLargeAtMs: number | null = null;
  #reconnects = 0;
  #sampledAtMs: number;
  #triedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: ShardRecorderOptions) {
    const nowMs = performance.now();
    this.#o = options;
    this.number = options.number;
    this.#log = options.log.child({ shard: options.number });
    this.#version = options.shard.version;
    this.#wanted = new Set(options.shard.tokens.map(({ tokenId }) => tokenId));
    const { shared, limits, overlapMs, redundancy, hearsLifecycle, isPaused } = options;
    this.#pulse = new ShardPulse(options.stalls, nowMs);
    this.#recycleLog = new RecycleLog({ counters: shared.counters, redundancy, log: this.#log });
    this.#retries = new RetryTimes({ minMs: limits.firstBookTimeoutMs });
    this.#sampledAtMs = nowMs;
    this.#connections = new ShardConnections({
      ...{ shared, limits, overlapMs, hearsLifecycle, isPaused },
      shard: options.number,
      tokenIds: this.#wanted,
      log: this.#log,
      listener: {
        serviceChanged: options.onServiceChanged,
        opened: (connection, again) => this.#opened(connection, again),
        dumpTooLarge: () => this.#reportDumpTooLarge(),
      },
    });
  }

  /**
   * Subscribes and unsubscribes in place to match the shard's tokens. Tokens that have moved to another shard are kept for
   * the overlap, so that they are never without a connection.
   */
  follow(shard: Shard, isElsewhere: (tokenId: string) => boolean, nowMs: number): void {
    if (shard === this.#followed) return;
    this.#followed = shard;
    const wanted = new Set(shard.tokens.map(({ tokenId }) => tokenId));
    const joining = [...wanted].filter((tokenId) => !this.#wanted.has(tokenId));
    const leaving = [...this.#wanted].filter((tokenId) => !wanted.has(tokenId));
    // Compares the tokens, not the version alone: a rebuilt plan may have other tokens under a known version.
    if (shard.version === this.#version && joining.length === 0 && leaving.length === 0) return;
    this.#version = shard.version;
    this.#dumpTooLargeAtMs = null;
    for (const tokenId of leaving) this.#wanted.delete(tokenId);
    for (const tokenId of joining) this.#wanted.add(tokenId);
    for (const tokenId of leaving) if (isElsewhere(tokenId)) this.#departing.keep(tokenId, nowMs + this.#o.overlapMs);
    this.#letGo(leaving.filter((tokenId) => !this.#departing.has(tokenId)));
    for (const tokenId of joining) this.#departing.forget(tokenId);
    // A full connection would not accept the joining tokens.
    if (this.#current.tokens + joining.length > SHARD_TOKENS_MAX) this.#letGo(this.#departing.all);
    this.#connections.subscribe(joining, nowMs);
    this.#missing.prune({ wanted: this.#wanted, covered: this.#current.covered });
    this.#o.onServiceChanged();
  }

  /** Evaluates what has arrived, and takes a replacement to its next step. */
  advance(nowMs: number): void {
    if (this.#connections.isPaused) return;
    this.#sample(nowMs);
    this.#letGo(this.#departing.due(nowMs));
    this.#pruneMissing();
    this.#forgetDumpTooLarge();
    const { succession } = this.#connections;
    if (succession === null) return;
    switch (succession.step(nowMs, this.#wanted)) {
      case 'takes over':
        this.#takeOver(succession, nowMs);
        break;
      case 'failed':
        this.#fail(succession, nowMs);
        break;
      case 'over':
        this.#complete(succession, nowMs);
        break;
    }
  }

  /** Whether and why the connection should be replaced now. */
  wish(nowMs: number): RecycleWish | null {
    const reason = this.#wishedFor(nowMs);
    if (reason === null || !this.#retries.mayTry(reason, nowMs)) return null;
    return { reason, isRetry: this.#retries.hasFailed(reason), triedAtMs: this.#triedAtMs };
  }

  #wishedFor(nowMs: number): RecycleReason | null {
    const { socket } = this.#current;
    if (socket === null) return null; // it reconnects by itself
    if (this.#connections.succession !== null || this.#connections.isPaused || this.#wanted.size === 0) return null;
    // Tokens that have moved away are still subscribed for a while, but not waited for.
    const missing = socket.missing(nowMs).filter((tokenId) => this.#wanted.has(tokenId));
    return recycleReason(
      {
        ageMs: nowMs - socket.openedAtMs,
        pollution: socket.pollution,
        silentMs: nowMs - socket.heardAtMs,
        silentMsMax: this.#pulse.silentMsMax,
        hasUntriedMissing: this.#missing.hasUntried(missing),
        isCommanded: this.#isCommanded,
        chance: this.#current.chance,
      },
      this.#o.recycling,
    );
  }

  /** Opens a successor. */
  recycle(reason: RecycleReason, nowMs: number): void {
    if (this.#connections.succession !== null) return;
    this.#isCommanded = false;
    this.#triedAtMs = nowMs;
    this.#recycleLog.began(this.#connections.succeed(reason, nowMs));
  }

  /** Requests a fresh connection, for an operator. @returns The connection that will be closed. */
  command(): { result: 'begun' | 'running'; connectionId: string | null } {
    const { succession } = this.#connections;
    if (succession !== null) return { result: 'running', connectionId: succession.old.socket?.connectionId ?? null };
    // Logged once, even if the operator asks again before the replacement begins.
    if (!this.#isCommanded) this.#log.info({}, `An operator requested a fresh connection for shard ${this.number}.`);
    this.#isCommanded = true;
    return { result: 'begun', connectionId: this.#current.socket?.connectionId ?? null };
  }

  /** Tries again at once to replace a stalled connection: the venue serves fresh connections again. */
  tryAgain(): void {
    this.#retries.tryAgain('stalled');
  }

  /** Whether it takes one of the few replacements at a time. */
  get isRecycling(): boolean {
    return this.#connections.succession?.isPending ?? false;
  }

  /** Whether a successor is opening and has not taken over yet. */
  get isOpeningSuccessor(): boolean {
    return this.#connections.succession?.isOpening ?? false;
  }

  /**
   * How the shard is served. It is covered once the wait for first books is over on one of its connections, unless too many
   * books are lacking on all of them.
   */
  service(nowMs: number): ShardService {
    const service = this.#serviceByBooks(nowMs);
    return this.#dumpTooLargeAtMs === null ? service : { ...service, dumpTooLarge: true };
  }

  #serviceByBooks(nowMs: number): ShardService {
    const version = this.#version;
    const sockets = this.#trustedSockets();
    if (sockets.some(({ isWhole }) => isWhole)) return { state: 'covered', version };
    const covered = this.#withFirstBook(sockets);
    if (covered.size === 0) {
      const hasWaited = sockets.some((socket) => socket.hasWaited(nowMs));
      return hasWaited ? { state: 'opening', version, lacking: 'all' } : { state: 'opening', version };
    }
    const lacking = [...this.#wanted].filter((tokenId) => !covered.has(tokenId));
    const isCovered = lacking.length <= LACKING_TOKENS_MAX && sockets.some((socket) => socket.coversAt(nowMs));
    if (!isCovered) return { state: 'opening', version };
    return lacking.length === 0 ? { state: 'covered', version } : { state: 'covered', version, lacking };
  }

  /**
   * The shard's tokens whose first book has arrived on one of its connections. Until it is closed, a draining connection may be
   * the only one that has some of them: its successor may lose its socket and get fewer books on the next one.
   */
  get coveredTokens(): ReadonlySet<string> {
    const draining = this.#connections.draining?.socket ?? null;
    return this.#withFirstBook(draining === null ? this.#trustedSockets() : [...this.#trustedSockets(), draining]);
  }

  #withFirstBook(sockets: readonly ShardSocket[]): Set<string> {
    return new Set([...this.#wanted].filter((tokenId) => sockets.some(({ covered }) => covered.has(tokenId))));
  }

  status(): RecorderStatus {
    return {
      shard: this.number,
      pollution: this.#current.socket?.pollution ?? 0,
      reconnects: this.#reconnects,
      ...(this.#dumpTooLargeAtMs === null ? {} : { dumpTooLarge: true }),
      connections: this.#connections.statuses(),
    };
  }

  /** Turns new and resolved markets on or off, in place. */
  hearLifecycle(on: boolean): void {
    this.#connections.hearLifecycle(on);
  }

  /** Stops reading the sockets. What the venue sends waits in the network's buffers. */
  pause(): void {
    this.#connections.pause();
  }

  resume(): void {
    this.#connections.resume();
    this.resetSilence(performance.now());
  }

  /** Judges silence from now on, after a time in which nothing was read through no fault of the venue. */
  resetSilence(nowMs: number): void {
    this.#connections.resetSilence(nowMs);
  }

  get isConnected(): boolean {
    return this.#current.socket !== null;
  }

  /** How many connections are open: two during a replacement. */
  get connected(): number {
    return this.#connections.statuses().length;
  }

  get tokens(): number {
    return this.#wanted.size;
  }

  /** The shard's tokens. */
  get wanted(): string[] {
    return [...this.#wanted];
  }

  /** How many tokens have their first book on the current connection. */
  get tokensCovered(): number {
    return this.#current.covered.size;
  }

  /** Tokens that got no book on two connections in a row. */
  get missingTokens(): readonly string[] {
    return this.#missing.reported;
  }

  /** Closes the connections. What they have received is with the publisher by then. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connections[Symbol.asyncDispose]();
  }

  get #current(): ShardConnection {
    return this.#connections.current;
  }

  #opened(connection: ShardConnection, again: boolean): void {
    if (connection !== this.#current) return;
    // A requested fresh connection has come by itself.
    this.#isCommanded = false;
    this.#doubtedAtFrames = null;
    if (!again) return;
    this.#reconnects += 1;
    this.#o.shared.counters.reconnections += 1;
    this.#o.shared.counters.lastReconnectAtMs = Date.now();
  }

  #sample(nowMs: number): void {
    const sinceMs = nowMs - this.#sampledAtMs;
    if (sinceMs * SAMPLES_MIN < this.#o.stalls.stallMsMin) return;
    this.#sampledAtMs = nowMs;
    this.#wasHeard ||= this.#current.dataFrames > 0;
    for (const [connection, role] of this.#connections.roles()) {
      const isLively = connection.socket?.sample(nowMs) ?? false;
      if (role === 'current' && isLively) this.#pulse.beat(nowMs, sinceMs);
    }
  }

  #letGo(tokenIds: readonly string[]): void {
    if (tokenIds.length === 0) return;
    this.#connections.unsubscribe(tokenIds);
    for (const tokenId of tokenIds) this.#departing.forget(tokenId);
  }

  #pruneMissing(): void {
    if (this.#missing.size === 0) return;
    this.#missing.prune({ wanted: this.#wanted, covered: this.#current.covered });
    if (this.#missing.size === 0)
      this.#log.info({}, 'Every token of the shard has its book now, or has left the shard.');
  }

  #reportDumpTooLarge(): void {
    const isFirst = this.#dumpTooLargeAtMs === null;
    this.#dumpTooLargeAtMs = performance.now();
    if (!isFirst) return;
    const isRecorded = this.#trustedSockets().some(({ covered }) => covered.size > 0);
    const what = `The first books of the ${this.#wanted.size} tokens of shard ${this.number} exceed the frame limit`;
    if (isRecorded) this.#log.warn({}, `${what}. Asking the scheduler to split the shard.`);
    else this.#log.error({}, `${what}, so the shard is not recorded. Asking the scheduler to split it.`);
  }

  /** Forgets it once a connection opened since then has first books. */
  #forgetDumpTooLarge(): void {
    const sinceMs = this.#dumpTooLargeAtMs;
    if (sinceMs === null) return;
    const sockets = this.#trustedSockets();
    if (sockets.some(({ openedAtMs, covered }) => openedAtMs > sinceMs && covered.size > 0))
      this.#dumpTooLargeAtMs = null;
  }

  #takeOver(succession: Succession, nowMs: number): void {
    const { reason, successor, missing } = succession;
    if (reason === 'stalled' && this.#retries.hasFailed(reason)) this.#o.onStallOver();
    this.#connections.takeOver();
    this.#doubtedAtFrames = null;
    const missingAgain = successor.socket?.missing(nowMs) ?? [];
    this.#report(missing.filter((tokenId) => missingAgain.includes(tokenId)));
    this.#o.onServiceChanged();
  }

  #fail(succession: Succession, nowMs: number): void {
    const { reason, successor, missing, old } = succession;
    // It got some books and not others: the venue does not serve all tokens on one connection.
    if (successor.covered.size > 0)
      this.#report(missing.filter((tokenId) => this.#wanted.has(tokenId) && !old.covered.has(tokenId)));
    if (reason === 'stalled') this.#doubtedAtFrames = old.dataFrames;
    // A shard without any data is retried more often than one that is served.
    const isDark = reason === 'stalled' || (old.covered.size === 0 && this.#wasHeard);
    const maxMs = isDark ? this.#o.stalls.stallMsMax : RETRY_MS_MAX;
    const waitMs = this.#retries.failed(reason, { nowMs, maxMs, random: Math.random() });
    this.#recycleLog.failed(succession, { tokens: this.#wanted.size, waitMs, nowMs });
    // Tokens have joined since the old connection began to drain, and need room on it.
    if (this.#wanted.size + this.#departing.all.length > SHARD_TOKENS_MAX) this.#letGo(this.#departing.all);
    this.#connections.giveUp(nowMs);
    this.#o.onServiceChanged();
  }

  #complete(succession: Succession, nowMs: number): void {
    this.#retries.succeeded();
    // Also after a real stall, so that an unclear case does not cause replacement after replacement.
    if (succession.reason === 'stalled') this.#pulse.wasQuiet();
    this.#recycleLog.completed(succession, { tokens: this.#wanted.size, nowMs, silentMsMax: this.#pulse.silentMsMax });
    this.#connections.finish();
  }

  /** Logs once which tokens have no book even on a fresh connection. */
  #report(tokenIds: readonly string[]): void {
    if (!this.#missing.hasUntried(tokenIds)) return;
    this.#missing.tried(tokenIds);
    const tokens = this.#missing.reported;
    this.#log.warn(
      { missing: tokens.length, tokenIds: tokens.slice(0, 10) },
      `${tokens.length} of ${this.#wanted.size} tokens got no first book, even on a fresh connection. They stay subscribed and have been reported to the scheduler.`,
    );
  }

  /** The sockets of the connections that follow the plan, without one that is in doubt. */
  #trustedSockets(): ShardSocket[] {
    const isInDoubt = this.#current.dataFrames === this.#doubtedAtFrames;
    const trusted = this.#connections.following().filter((one) => !(isInDoubt && one === this.#current));
    return trusted.map(({ socket }) => socket).filter((socket) => socket !== null);
  }
}

/** A shard's status without what the ingestor's key says about it. */
export type RecorderStatus = Omit<ShardStatus, 'state' | 'missing'>;

/** Samples within the shortest silence that counts. */
const SAMPLES_MIN = 15;
/** Longest wait between two attempts to replace a connection that works. */
const RETRY_MS_MAX = 600_000;
