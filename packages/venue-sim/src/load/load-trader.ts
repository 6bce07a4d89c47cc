import type { MarketRegistry } from '../catalogue/market-registry.ts';
import type { MarketChannel } from '../channel/market-channel.ts';
import type { MarketFeed } from '../channel/market-feed.ts';
import { Prng } from '../exchange/prng.ts';
import { fillCount, fillsOf, orderPrng } from './load-order.ts';
import type { LoadOrderLog } from './load-order-log.ts';

export type LoadTraderOptions = {
  seed: string;
  registry: MarketRegistry;
  channel: MarketChannel;
  feed: MarketFeed;
  orders: LoadOrderLog;
  clock: () => number;
};

/** Executes orders of the load: trades in open markets that leave the books alone. An order of the exchange costs ten times as much. */
export class LoadTrader {
  readonly #options: LoadTraderOptions;
  /** Picks the tokens. What an order does depends on its number alone. */
  readonly #prng: Prng;

  constructor(options: LoadTraderOptions) {
    this.#options = options;
    this.#prng = new Prng(options.seed, 'load tokens');
  }

  /** Executes one order. Returns the number of its fills, 0 if no market is open. */
  execute(): number {
    const { seed, registry, channel, feed, orders, clock } = this.#options;
    const token = registry.pick(this.#prng)?.tokens[this.#prng.chance(0.5) ? 0 : 1];
    if (token === undefined) return 0;
    const listeners = channel.listenersOfToken(token);
    let sockets = 0;
    for (const socket of listeners) if (socket.hears) sockets += 1;
    const number = orders.length;
    const order = { number, token, atMs: clock(), subscribed: channel.wasSent(token), sockets };
    const prng = orderPrng(seed, number);
    const count = fillCount(prng);
    orders.add(order, count);
    if (sockets > 0) feed.tradedAside(listeners, fillsOf(order, count, prng));
    return count;
  }
}
