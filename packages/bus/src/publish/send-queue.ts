import { Fifo } from './fifo.ts';
import type { Outgoing } from './outgoing.ts';

/**
 * What waits to be sent: first what is sent again, then what was never sent. Only the latter counts against the limits.
 *
 * has room -> full (a limit is reached) -> has room (both are below half of their limits) -> ...
 */
export class SendQueue {
  readonly #o: { queueMax: number; queueBytesMax: number };
  readonly #queue = new Fifo<Outgoing>();
  readonly #again = new Fifo<Outgoing>();
  readonly #fullListeners = new Set<() => void>();
  readonly #roomListeners = new Set<() => void>();
  #bytes = 0;
  #full = false;

  constructor(o: { queueMax: number; queueBytesMax: number }) {
    this.#o = o;
  }

  /** Messages never sent, and their bytes. */
  get count(): number {
    return this.#queue.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Messages that are sent again. */
  get againCount(): number {
    return this.#again.length;
  }

  get full(): boolean {
    return this.#full;
  }

  onFull(listener: () => void): () => void {
    this.#fullListeners.add(listener);
    return () => this.#fullListeners.delete(listener);
  }

  onRoom(listener: () => void): () => void {
    this.#roomListeners.add(listener);
    return () => this.#roomListeners.delete(listener);
  }

  peek(): Outgoing | undefined {
    return this.#again.peek() ?? this.#queue.peek();
  }

  push(message: Outgoing): void {
    this.#queue.push(message);
    this.#bytes += message.bytes;
  }

  /** Puts these before what was never sent, and all that is sent again into the order of taking. */
  pushAgain(messages: Iterable<Outgoing>): void {
    const all = [...messages, ...drained(this.#again)].sort((a, b) => a.key - b.key);
    for (const message of all) this.#again.push(message);
  }

  shift(): Outgoing | undefined {
    const again = this.#again.shift();
    if (again !== undefined) return again;
    const message = this.#queue.shift();
    if (message !== undefined) this.#bytes -= message.bytes;
    return message;
  }

  forgetUnacknowledged(): void {
    this.#bytes = 0;
    drained(this.#queue); // these were never sent
    this.pushAgain(drained(this.#again).filter(({ acknowledgedMs }) => acknowledgedMs > 0));
  }

  /** Calls the listeners if it has become full. */
  notifyFull(): void {
    if (this.#full || (this.count < this.#o.queueMax && this.#bytes < this.#o.queueBytesMax)) return;
    this.#full = true;
    for (const listener of [...this.#fullListeners]) listener();
  }

  /** Calls the listeners if it has room again. */
  notifyRoom(): void {
    if (!this.#full) return;
    if (this.count * 2 >= this.#o.queueMax || this.#bytes * 2 >= this.#o.queueBytesMax) return;
    this.#full = false;
    // Never inside the client's callback: an exception there would silently end the reading of the connection.
    for (const listener of [...this.#roomListeners]) queueMicrotask(listener);
  }
}

function drained<T>(fifo: Fifo<T>): T[] {
  const items: T[] = [];
  for (let next = fifo.shift(); next !== undefined; next = fifo.shift()) items.push(next);
  return items;
}
