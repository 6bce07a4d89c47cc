import type { SimToken } from '../catalogue/sim-market.ts';
import type { TruthTrade } from '../exchange/truth-trade.ts';
import { fillCount, fillsOf, type LoadOrder, orderPrng } from './load-order.ts';

/**
 * All orders of the load, ten bytes each. Their fills are computed again from the order's number when the ledger is read: as
 * lines of the ledger, a minute at 40,000 trades a second would take a gigabyte.
 */
export class LoadOrderLog {
  /** Number of trades, and of those in tokens whose book had been sent to somebody. */
  readonly fills = { executed: 0, subscribed: 0 };
  readonly #seed: string;
  readonly #ordersMax: number;
  readonly #tokens: SimToken[] = [];
  readonly #tokenNumbers = new Map<SimToken, number>();
  readonly #pages: Page[] = [];
  #startedAtMs = 0;
  #orders = 0;

  constructor(seed: string, ordersMax = ORDERS_MAX) {
    this.#seed = seed;
    this.#ordersMax = ordersMax;
  }

  /** Number of orders, and the number of the next one. */
  get length(): number {
    return this.#orders;
  }

  /** Whether the oldest orders are no longer held. */
  get outgrown(): boolean {
    return this.#orders > this.#ordersMax;
  }

  add({ token, atMs, subscribed, sockets }: Omit<LoadOrder, 'number'>, fills: number): void {
    this.fills.executed += fills;
    if (subscribed) this.fills.subscribed += fills;
    const index = this.#orders;
    this.#orders += 1;
    if (index >= this.#ordersMax) return;
    if (index === 0) this.#startedAtMs = atMs;
    if (index % PAGE_ORDERS === 0) this.#pages.push(newPage());
    const page = this.#pages.at(-1) as Page;
    let tokenNumber = this.#tokenNumbers.get(token);
    if (tokenNumber === undefined) {
      tokenNumber = this.#tokens.push(token) - 1;
      this.#tokenNumbers.set(token, tokenNumber);
    }
    const row = index % PAGE_ORDERS;
    page.tokens[row] = tokenNumber;
    page.afterMs[row] = atMs - this.#startedAtMs;
    page.audience[row] = sockets * 2 + (subscribed ? 1 : 0);
  }

  /** The fills of all orders from this number on, in the order of execution. */
  *trades(from = 0): Generator<TruthTrade> {
    for (let number = from; number < this.#orders; number += 1) {
      const prng = orderPrng(this.#seed, number);
      yield* fillsOf(this.#order(number), fillCount(prng), prng);
    }
  }

  #order(number: number): LoadOrder {
    const page = this.#pages[Math.floor(number / PAGE_ORDERS)] as Page;
    const row = number % PAGE_ORDERS;
    const audience = page.audience[row] ?? 0;
    return {
      number,
      token: this.#tokens[page.tokens[row] ?? 0] as SimToken,
      atMs: this.#startedAtMs + (page.afterMs[row] ?? 0),
      subscribed: audience % 2 === 1,
      sockets: audience >>> 1,
    };
  }
}

/** `audience`: the number of sockets, doubled, plus 1 if the token was subscribed. */
type Page = { tokens: Uint32Array; afterMs: Uint32Array; audience: Uint16Array };

function newPage(): Page {
  return {
    tokens: new Uint32Array(PAGE_ORDERS),
    afterMs: new Uint32Array(PAGE_ORDERS),
    audience: new Uint16Array(PAGE_ORDERS),
  };
}

const PAGE_ORDERS = 1 << 18;
/** Half a gigabyte: half an hour at 40,000 trades a second. */
const ORDERS_MAX = 50_000_000;
