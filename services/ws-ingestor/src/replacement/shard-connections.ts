import type { Logger } from '@polytape/service';
import type { ConnectionStatus } from '@polytape/types';
import {
  type ConnectionLimits,
  ShardConnection,
  type ShardConnectionListener,
  type SharedParts,
} from '../connection/shard-connection.ts';
import type { RecycleReason } from './recycle-reason.ts';
import { Succession } from './succession.ts';

export type ShardConnectionsOptions = {
  shared: SharedParts;
  limits: ConnectionLimits;
  /** How long two connections record together. */
  overlapMs: number;
  shard: number;
  /** The tokens to record. The set changes with the plan; a new connection subscribes to what it contains then. */
  tokenIds: ReadonlySet<string>;
  hearsLifecycle: boolean;
  isPaused: boolean;
  listener: Pick<ShardConnectionListener, 'opened' | 'serviceChanged' | 'dumpTooLarge'>;
  log: Logger;
};

/**
 * The connections of a shard: always a current one, and a second one during a replacement. Settings for all of them also
 * apply to connections that are opened later.
 *
 * `succeed` opens a successor beside the current connection. Then either `giveUp` closes the successor; or `takeOver` makes
 * it the current connection while the old one drains, and `finish` closes the old one, or `giveUp` returns to it.
 */
export class ShardConnections implements AsyncDisposable {
  readonly #o: ShardConnectionsOptions;
  readonly #closing = new Set<Promise<void>>();
  #hearsLifecycle: boolean;
  #isPaused: boolean;
  #current: ShardConnection;
  #succession: Succession | null = null;

  constructor(options: ShardConnectionsOptions) {
    this.#o = options;
    this.#hearsLifecycle = options.hearsLifecycle;
    this.#isPaused = options.isPaused;
    this.#current = this.#connect();
  }

  get current(): ShardConnection {
    return this.#current;
  }

  /** The present replacement; null if there is none. */
  get succession(): Succession | null {
    return this.#succession;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Opens a successor to the current connection. */
  succeed(reason: RecycleReason, nowMs: number): Succession {
    const { overlapMs, limits } = this.#o;
    const { firstBookTimeoutMs } = limits;
    const [old, successor] = [this.#current, this.#connect()];
    this.#succession = new Succession({ reason, old, successor, overlapMs, firstBookTimeoutMs, nowMs });
    return this.#succession;
  }

  /** Makes the successor the current connection; the old one drains. */
  takeOver(): void {
    if (this.#succession !== null) this.#current = this.#succession.successor;
  }

  /** Closes a failed successor. If it had taken over, the old connection becomes current and follows the plan again. */
  giveUp(nowMs: number): void {
    if (this.#succession === null) return;
    const { old, successor } = this.#succession;
    this.#succession = null;
    this.#close(successor);
    if (this.#current === old) return;
    this.#current = old;
    old.hearLifecycle(this.#hearsLifecycle);
    old.subscribe([...this.#o.tokenIds], nowMs);
  }

  /** Closes the old connection. */
  finish(): void {
    if (this.#succession !== null) this.#close(this.#succession.old);
    this.#succession = null;
  }

  /** Subscribes in place; a draining connection no longer follows the plan. */
  subscribe(tokenIds: readonly string[], nowMs: number): void {
    for (const connection of this.following()) connection.subscribe(tokenIds, nowMs);
  }

  unsubscribe(tokenIds: readonly string[]): void {
    for (const connection of this.roles().keys()) connection.unsubscribe(tokenIds);
  }

  /** Turns new and resolved markets on or off, in place. */
  hearLifecycle(on: boolean): void {
    this.#hearsLifecycle = on;
    for (const connection of this.following()) connection.hearLifecycle(on);
  }

  pause(): void {
    this.#isPaused = true;
    for (const connection of this.roles().keys()) connection.pause();
  }

  resume(): void {
    this.#isPaused = false;
    for (const connection of this.roles().keys()) connection.resume();
  }

  /** Restarts every wait, after a time in which nothing was read through no fault of the venue. */
  resetSilence(nowMs: number): void {
    for (const { socket } of this.roles().keys()) socket?.resetSilence(nowMs);
    this.#succession?.resetSilence(nowMs);
  }

  /** The connections with their roles. */
  roles(): Map<ShardConnection, ConnectionStatus['role']> {
    const roles = new Map<ShardConnection, ConnectionStatus['role']>([[this.#current, 'current']]);
    if (this.#succession === null) return roles;
    const { old, successor } = this.#succession;
    return this.#current === successor ? roles.set(old, 'draining') : roles.set(successor, 'successor');
  }

  /** The connections that follow the plan: the current one, and a successor that is opening. */
  following(): ShardConnection[] {
    return [...this.roles()].filter(([, role]) => role !== 'draining').map(([connection]) => connection);
  }

  /** The relieved connection, until it is closed. */
  get draining(): ShardConnection | null {
    return this.#succession !== null && this.#current === this.#succession.successor ? this.#succession.old : null;
  }

  /** The status of each connection that has a socket. */
  statuses(): ConnectionStatus[] {
    return [...this.roles()].flatMap(([{ socket }, role]) => (socket === null ? [] : [socket.status(role)]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.roles().keys()) this.#close(connection);
    await Promise.all(this.#closing);
  }

  #connect(): ShardConnection {
    const { shared, limits, shard, tokenIds, listener, log } = this.#o;
    return new ShardConnection({
      ...{ shared, limits, shard, tokenIds, log },
      hearsLifecycle: this.#hearsLifecycle,
      isPaused: this.#isPaused,
      listener: {
        ...listener,
        firstBook: (connection, book) => this.#succession?.sawFirstBook(connection, book),
      },
    });
  }

  #close(connection: ShardConnection): void {
    const closing = connection[Symbol.asyncDispose]().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}
