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
  /** What is recorded: it changes with the plan, and a new connection is opened for what it holds then. */
  tokenIds: ReadonlySet<string>;
  hearsLifecycle: boolean;
  isPaused: boolean;
  listener: Pick<ShardConnectionListener, 'opened' | 'serviceChanged' | 'dumpTooLarge'>;
  log: Logger;
};

/**
 * The connections of a shard: always a current one, and while it is replaced a second. What is said to all of them is said
 * to those that are opened later, too.
 *
 * current -> current and successor (`succeed`) -> current (`giveUp`), or current, which was the successor, and the old one,
 * which drains (`takeOver`) -> current (`finish`), or the old one again (`giveUp`).
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

  /** The replacement that is under way. */
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

  /** The successor is the current connection from now on, and the old one drains. */
  takeOver(): void {
    if (this.#succession !== null) this.#current = this.#succession.successor;
  }

  /** Closes the successor, which has failed. Where it had taken over, the old one follows the plan again. */
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

  /** Subscribes in place; a connection that drains does not follow the plan any more. */
  subscribe(tokenIds: readonly string[], nowMs: number): void {
    for (const connection of this.following()) connection.subscribe(tokenIds, nowMs);
  }

  unsubscribe(tokenIds: readonly string[]): void {
    for (const connection of this.roles().keys()) connection.unsubscribe(tokenIds);
  }

  /** Turns the venue's global events on or off, in place. */
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

  /** Nothing was read for a while, by no fault of the venue. */
  resetSilence(nowMs: number): void {
    for (const { socket } of this.roles().keys()) socket?.resetSilence(nowMs);
    this.#succession?.resetSilence(nowMs);
  }

  /** What each of them is. */
  roles(): Map<ShardConnection, ConnectionStatus['role']> {
    const roles = new Map<ShardConnection, ConnectionStatus['role']>([[this.#current, 'current']]);
    if (this.#succession === null) return roles;
    const { old, successor } = this.#succession;
    return this.#current === successor ? roles.set(old, 'draining') : roles.set(successor, 'successor');
  }

  /** Those that follow the plan: the current one and its successor. */
  following(): ShardConnection[] {
    return [...this.roles()].filter(([, role]) => role !== 'draining').map(([connection]) => connection);
  }

  /** Those that have a socket. */
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
