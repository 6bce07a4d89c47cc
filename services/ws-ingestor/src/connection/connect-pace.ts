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
