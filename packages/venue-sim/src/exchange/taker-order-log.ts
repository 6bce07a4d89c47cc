import type { SimToken } from '../catalogue/sim-market.ts';
import type { Side } from './order-book.ts';

/** One taker's order as the chain and the Data API know it: all its fills in one transaction. */
export type TakerOrder = {
  token: SimToken;
  side: Side;
  fills: { price: number; sizeMicro: number }[];
  atMs: number;
  /** Always there, also where the market channel left it out. */
  transactionHash: string;
};

/** The latest taker's orders, for the Data API; the oldest are forgotten past `TAKER_ORDERS_MAX`. */
export class TakerOrderLog {
  /** Sequence number of the oldest order still held. */
  #first = 1;
  #orders: TakerOrder[] = [];

  add(order: TakerOrder): void {
    this.#orders.push(order);
    if (this.#orders.length < TAKER_ORDERS_MAX * 1.25) return;
    // In one go, so that forgetting costs nothing most of the time.
    this.#first += this.#orders.length - TAKER_ORDERS_MAX;
    this.#orders = this.#orders.slice(-TAKER_ORDERS_MAX);
  }

  /** Newest first, from below a sequence number (null: from the newest). */
  *newestFirst(before: number | null): Generator<{ sequence: number; order: TakerOrder }> {
    const start = before === null ? this.#orders.length : Math.min(this.#orders.length, before - this.#first);
    for (let index = start - 1; index >= 0; index -= 1) {
      const order = this.#orders[index];
      if (order !== undefined) yield { sequence: this.#first + index, order };
    }
  }
}

/** A few hundred bytes each; at 1,000 orders a second this holds three minutes, at the default rate more than an hour. */
const TAKER_ORDERS_MAX = 200_000;
