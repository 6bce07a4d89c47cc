import type { MarketRegistry } from '../catalogue/market-registry.ts';
import { priceGrid } from '../catalogue/price-grid.ts';
import { sizeText } from '../catalogue/share-size.ts';
import type { SimMarket, SimToken } from '../catalogue/sim-market.ts';
import type { MarketChannel } from '../channel/market-channel.ts';
import type { MarketFeed } from '../channel/market-feed.ts';
import type { RequestedTrade } from '../control/requested-trade.ts';
import { nextQuote, seedBook } from './market-maker.ts';
import type { LevelChange, OrderBook, Side } from './order-book.ts';
import { Prng } from './prng.ts';
import { takeSize } from './take-size.ts';
import type { TakerOrderLog } from './taker-order-log.ts';
import type { TruthLedger } from './truth-ledger.ts';
import type { TruthTrade } from './truth-trade.ts';

export type ExchangeOptions = {
  seed: string;
  registry: MarketRegistry;
  channel: MarketChannel;
  feed: MarketFeed;
  ledger: TruthLedger;
  takerOrders: TakerOrderLog;
  /** Share of taker's orders whose fills are indistinguishable. */
  identicalShare: number;
  /** Trade only in tokens whose book was sent to a socket that is still open. */
  tradeOnlySubscribed: boolean;
  clock: () => number;
};

/**
 * The matching engine, with one book per market. Takers hit the books, market makers move them. Every fill is entered into the
 * ledger before it is sent.
 */
export class Exchange {
  readonly #options: ExchangeOptions;
  readonly #prng: Prng;
  /** Random numbers for requested trades, which must not shift the numbers of later activity. */
  readonly #requests: Prng;
  /** Number of market-maker actions. */
  quotes = 0;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.#prng = new Prng(options.seed, 'activity');
    this.#requests = new Prng(options.seed, 'requests');
  }

  /** Creates the initial book of an untouched market, which is always the same for a seed. */
  prepareBook(market: SimMarket): void {
    const { book, closed, bookChangedAtMs } = market;
    // A book emptied by takers is not untouched: it fills again by quotes, which are sent to listeners.
    if (closed !== null || bookChangedAtMs !== null || book.bids.length > 0 || book.asks.length > 0) return;
    seedBook(market.book, market.fairTick, new Prng(this.#options.seed, 'book', market.gammaId));
  }

  /** Executes one taker's order. Returns the number of its fills, 0 if there is nothing to trade. */
  executeTakerOrder(): number {
    const token = this.#pickToken();
    if (token === undefined) return 0;
    const { market } = token;
    this.prepareBook(market);
    const { book } = market;
    while (book.bids.length === 0 && book.asks.length === 0) this.#quoteIn(market);
    const wanted = restingSide(token, this.#prng.chance(BUY_SHARE) ? 'BUY' : 'SELL');
    const resting = book.levels(wanted).length > 0 ? wanted : opposite(wanted);
    const fills = this.#match(book, resting);
    const chainHash = `0x${this.#prng.hex(64)}`;
    this.#settle(token, takerSide(token, resting), fills, {
      chainHash,
      transactionHash: this.#prng.chance(NO_HASH_SHARE) ? null : chainHash,
      feeRateBps: this.#fee(market),
      timestampMs: this.#options.clock(),
    });
    // Takers who hit asks push the price up.
    if (this.#prng.chance(IMPACT_SHARE)) this.#drift(market, resting === 'SELL' ? 1 : -1);
    return fills.length;
  }

  /** Executes one market maker's action. */
  quote(): void {
    const market = this.#options.tradeOnlySubscribed ? this.#pickListened() : this.#options.registry.pick(this.#prng);
    if (market === undefined) return;
    this.prepareBook(market);
    this.#quoteIn(market);
    if (this.#prng.chance(DRIFT_SHARE)) this.#drift(market, this.#prng.chance(0.5) ? 1 : -1);
  }

  #quoteIn(market: SimMarket): void {
    const change = nextQuote(market.book, market.fairTick, this.#prng);
    market.book.set(change);
    this.quotes += 1;
    const changes = [change];
    if (this.#prng.chance(TWO_LEVELS_SHARE)) {
      const second = nextQuote(market.book, market.fairTick, this.#prng);
      if (second.side !== change.side || second.tick !== change.tick) {
        market.book.set(second);
        changes.push(second);
      }
    }
    market.bookChangedAtMs = this.#options.clock();
    this.#options.feed.levelsChanged(market, changes, String(market.bookChangedAtMs));
  }

  /** Executes exactly this trade. A resting price is consumed; any other price trades without touching the book. */
  executeRequested(trade: RequestedTrade): TruthTrade {
    const { token } = trade;
    const { book } = token.market;
    this.prepareBook(token.market);
    const resting = restingSide(token, trade.side);
    // If that side is empty, the fair price.
    const best = book.best(resting) ?? Math.round(token.market.fairTick);
    const tick = trade.tick === null ? best : canonicalTick(token, trade.tick);
    const chainHash = trade.transactionHash ?? `0x${this.#requests.hex(64)}`;
    const [entry] = this.#settle(token, trade.side, [{ tick, sizeMicro: trade.sizeMicro, side: resting }], {
      chainHash,
      transactionHash: trade.transactionHash === undefined ? chainHash : trade.transactionHash,
      feeRateBps: trade.feeRateBps === undefined ? token.market.feeRateBps : trade.feeRateBps,
      timestampMs: trade.timestampMs ?? this.#options.clock(),
    });
    if (entry === undefined) throw new Error('a trade of one fill left no entry');
    return entry;
  }

  /** The fills of a taker, best price first. Fills at one price may be indistinguishable. */
  #match(book: OrderBook, resting: Side): Fill[] {
    const fills: Fill[] = [];
    const best = book.levels(resting).at(-1);
    if (best === undefined) return fills;
    if (this.#prng.chance(this.#options.identicalShare)) {
      const count = this.#prng.integer(2, 3);
      const sizeMicro = Math.min(takeSize(this.#prng), Math.floor(best.sizeMicro / count));
      // The resting size may be too small to divide.
      if (sizeMicro > 0) return Array.from({ length: count }, () => ({ tick: best.tick, sizeMicro, side: resting }));
    }
    const chance = this.#prng.unit();
    const count = chance < 0.72 ? 1 : chance < 0.9 ? 2 : this.#prng.integer(3, 5);
    const left = book.levels(resting).map((level) => level.sizeMicro);
    for (let index = left.length - 1; index >= 0 && fills.length < count; ) {
      const sizeMicro = Math.min(takeSize(this.#prng), left[index] ?? 0);
      fills.push({ tick: book.levels(resting)[index]?.tick ?? 0, sizeMicro, side: resting });
      left[index] = (left[index] ?? 0) - sizeMicro;
      if (left[index] === 0) index -= 1;
    }
    return fills;
  }

  #settle(token: SimToken, side: Side, fills: readonly Fill[], terms: Terms): TruthTrade[] {
    const { market } = token;
    const { channel, feed, ledger, takerOrders } = this.#options;
    const timestamp = String(terms.timestampMs);
    const { prices, ticks } = market.book.grid;
    const subscribed = channel.wasSent(token);
    const sockets = channel.listenersOfToken(token).filter((socket) => socket.hears).length;
    const trades = fills.map((fill): TruthTrade => {
      const price = prices[token.outcomeIndex === 0 ? fill.tick : ticks - fill.tick] ?? '';
      return {
        tokenId: token.tokenId,
        conditionId: market.conditionId,
        price,
        size: sizeText(fill.sizeMicro),
        side,
        timestamp,
        transactionHash: terms.transactionHash,
        feeRateBps: terms.feeRateBps,
        subscribed,
        sockets,
      };
    });
    for (const trade of trades) ledger.add(trade);
    takerOrders.add({
      token,
      side,
      fills: fills.map(({ tick, sizeMicro }) => ({
        price: Number(prices[token.outcomeIndex === 0 ? tick : ticks - tick]),
        sizeMicro,
      })),
      atMs: terms.timestampMs,
      transactionHash: terms.chainHash,
    });
    const changes = eat(market.book, fills);
    market.bookChangedAtMs = terms.timestampMs;
    const last = fills.at(-1)?.tick ?? 0;
    market.lastTrade = {
      price: prices[last] ?? '',
      mirrorPrice: prices[ticks - last] ?? '',
      side: token.outcomeIndex === 0 ? side : opposite(side),
      atMs: terms.timestampMs,
    };
    for (const [index, fill] of fills.entries()) {
      market.volumeMicro += Math.round(fill.sizeMicro * Number(trades[index]?.price));
    }
    if (changes.length > 0) feed.levelsChanged(market, changes, timestamp);
    feed.traded(token, trades, timestamp);
    return trades;
  }

  #drift(market: SimMarket, ticks: number): void {
    const { grid } = market.book;
    market.fairTick = Math.min(
      grid.ticks - EDGE_TICKS,
      Math.max(EDGE_TICKS, market.fairTick + ticks * Math.max(1, grid.ticks / 200)),
    );
    const share = market.fairTick / grid.ticks;
    if (grid.tickSize === '0.01' && (share > 1 - FINE_TICK_BELOW || share < FINE_TICK_BELOW)) this.#refine(market);
  }

  /** Near 0 and 1 the venue uses a finer tick. */
  #refine(market: SimMarket): void {
    const fine = priceGrid('0.001');
    const from = market.book.grid.tickSize;
    market.fairTick *= fine.ticks / market.book.grid.ticks;
    market.book.refine(fine);
    market.bookChangedAtMs = this.#options.clock();
    this.#options.feed.tickSizeChanged(market, { from, to: fine.tickSize, timestamp: String(market.bookChangedAtMs) });
  }

  #pickToken(): SimToken | undefined {
    const index = this.#prng.chance(0.5) ? 0 : 1;
    if (!this.#options.tradeOnlySubscribed) return this.#options.registry.pick(this.#prng)?.tokens[index];
    const { channel } = this.#options;
    const heard = (token: SimToken): boolean => channel.wasSent(token) && channel.listenersOfToken(token).length > 0;
    return this.#pickListened()
      ?.tokens.filter(heard)
      .at(index - 1);
  }

  #pickListened(): SimMarket | undefined {
    const markets = this.#options.channel.listenedMarkets();
    // Sockets also listen to closed markets; a few tries are cheaper than a search for each quote.
    for (let attempt = 0; attempt < PICK_ATTEMPTS && markets.length > 0; attempt += 1) {
      const market = this.#prng.pick(markets);
      if (market.closed === null) return market;
    }
    return undefined;
  }

  #fee(market: SimMarket): string | null {
    const chance = this.#prng.unit();
    if (chance < EMPTY_FEE_SHARE) return '';
    return chance < EMPTY_FEE_SHARE + NO_FEE_SHARE ? null : market.feeRateBps;
  }
}

type Fill = { tick: number; sizeMicro: number; side: Side };
/** `chainHash` is the transaction's hash, `transactionHash` the one in the event. */
type Terms = { chainHash: string; transactionHash: string | null; feeRateBps: string | null; timestampMs: number };

const PICK_ATTEMPTS = 20;
const BUY_SHARE = 0.55;
const NO_HASH_SHARE = 0.005;
const EMPTY_FEE_SHARE = 0.02;
const NO_FEE_SHARE = 0.005;
const TWO_LEVELS_SHARE = 0.08;
const DRIFT_SHARE = 0.03;
const IMPACT_SHARE = 0.05;
const FINE_TICK_BELOW = 0.04;

/** Minimum distance of fair prices from 0 and 1, so that both sides have room. */
const EDGE_TICKS = 3;

/** The side of outcome 0's book that a taker of this token hits: buying outcome 1 at p is selling outcome 0 at 1 - p. */
function restingSide(token: SimToken, taker: Side): Side {
  return token.outcomeIndex === 0 ? opposite(taker) : taker;
}

function takerSide(token: SimToken, resting: Side): Side {
  return token.outcomeIndex === 0 ? opposite(resting) : resting;
}

function opposite(side: Side): Side {
  return side === 'BUY' ? 'SELL' : 'BUY';
}

function canonicalTick(token: SimToken, tick: number): number {
  return token.outcomeIndex === 0 ? tick : token.market.book.grid.ticks - tick;
}

/** Removes the fills from the book. Returns the new sizes of the affected levels. */
function eat(book: OrderBook, fills: readonly Fill[]): LevelChange[] {
  const changed = new Map<number, LevelChange>();
  for (const { tick, side, sizeMicro } of fills) {
    const resting = book.sizeAt(side, tick);
    if (resting === 0) continue;
    const change: LevelChange = { side, tick, sizeMicro: Math.max(0, resting - sizeMicro) };
    book.set(change);
    changed.set(tick, change);
  }
  return [...changed.values()];
}
