import type { SimToken } from '../catalogue/sim-market.ts';
import type { Side } from './order-book.ts';

/** A taker's order, as on the chain and in the Data API: all its fills in one transaction. */
export type TakerOrder = {
  token: SimToken;
  side: Side;
  fills: { price: number; sizeMicro: number }[];
  atMs: number;
  /** Always present, even if the market channel omitted it. */
  transactionHash: string;
};

/** The latest taker's orders for the Data API, at most about `TAKER_ORDERS_MAX`. */
export class TakerOrderLog {
  /** Sequence number of the oldest order still held. */
  #first = 1;
  #orders: TakerOrder[] = [];

  add(order: TakerOrder): void {
    this.#orders.push(order);
    if (this.#orders.length < TAKER_ORDERS_MAX * 1.25) return;
    // Removing many at once makes most additions free.
    this.#first += this.#orders.length - TAKER_ORDERS_MAX;
    this.#orders = this.#orders.slice(-TAKER_ORDERS_MAX);
  }

  /** Newest first, starting below a sequence number; null starts with the newest. */
  *newestFirst(before: number | null): Generator<{ sequence: number; order: TakerOrder }> {
    const start = before === null ? this.#orders.length : Math.min(this.#orders.length, before - this.#first);
    for (let index = start - 1; index >= 0; index -= 1) {
      const order = this.#orders[index];
      if (order !== undefined) yield { sequence: this.#first + index, order };
    }
  }
}

/** A few hundred bytes each: three minutes at 1,000 orders a second, more than an hour at the default rate. */
const TAKER_ORDERS_MAX = 200_000;
