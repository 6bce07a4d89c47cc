import { sizeText } from '../catalogue/share-size.ts';
import type { SimMarket, SimToken } from '../catalogue/sim-market.ts';
import type { Pair } from '../exchange/market-life.ts';
import type { LevelChange } from '../exchange/order-book.ts';
import type { Prng } from '../exchange/prng.ts';
import type { TruthTrade } from '../exchange/truth-trade.ts';
import type { ChannelSocket } from './channel-socket.ts';
import type { MarketChannel } from './market-channel.ts';
import {
  bestBidAskEvent,
  bestPrices,
  marketResolvedEvent,
  newMarketEvent,
  type PriceChangeEntry,
  pickSpelling,
  postTradeBookEvent,
  priceChangeEvent,
  tickSizeChangeEvent,
  tradeEvent,
} from './market-frames.ts';
import { textFrame } from './ws-frame.ts';

/** Number of events sent, by type. An array frame counts once for each of its events. */
export type EventCounts = { priceChange: number; book: number; trade: number; bestBidAsk: number; other: number };

/**
 * Sends frames about everything that happens to the listening sockets, in the venue's various spellings. Without listeners it
 * encodes nothing. It has its own random generator, so that listeners never change what happens.
 */
export class MarketFeed {
  readonly counts: EventCounts = { priceChange: 0, book: 0, trade: 0, bestBidAsk: 0, other: 0 };
  readonly #channel: MarketChannel;
  readonly #prng: Prng;
  /** Last best prices sent to flagged sockets, by token. */
  readonly #tops = new WeakMap<SimToken, string>();

  constructor(channel: MarketChannel, prng: Prng) {
    this.#channel = channel;
    this.#prng = prng;
  }

  /** Sends the levels that one action changed in the book of outcome 0, for both tokens, to listeners of either token. */
  levelsChanged(market: SimMarket, changes: readonly LevelChange[], timestamp: string): void {
    const listeners = this.#channel.listenersOfMarket(market);
    if (listeners.length === 0) return;
    const entries = changes.flatMap((change) => this.#entries(market, change));
    const parts =
      changes.length > 1 && this.#prng.chance(SPLIT_SHARE) ? [entries.slice(0, 2), entries.slice(2)] : [entries];
    const events = parts.map((part) => priceChangeEvent(market, part, timestamp, pickSpelling(this.#prng)));
    const text = events.length > 1 ? `[${events.join(',')}]` : wrapped(events[0] ?? '', this.#prng);
    if (this.#channel.send(listeners, text) > 0) this.counts.priceChange += events.length;
    this.#bestPricesChanged(market, listeners, timestamp);
  }

  /** Sends the fills of an order that left its book alone. */
  tradedAside(listeners: readonly ChannelSocket[], trades: readonly TruthTrade[]): void {
    const fills = trades.map((trade) => tradeEvent(trade, pickSpelling(this.#prng)));
    const frames = fills.length > 1 && this.#prng.chance(FILL_ARRAY_SHARE) ? [`[${fills.join(',')}]`] : fills;
    for (const frame of frames) this.#channel.send(listeners, frame);
    this.counts.trade += fills.length;
  }

  /** An encoded `book`, to be sent again and again with other timestamps. */
  bookFrame(token: SimToken, timestamp: string): Buffer {
    return textFrame(postTradeBookEvent(token, timestamp, pickSpelling(this.#prng)));
  }

  /** An encoded `price_change` that repeats a level of the book, for the same purpose. */
  levelFrame(market: SimMarket, timestamp: string): Buffer {
    const side = this.#prng.chance(0.5) ? 'BUY' : 'SELL';
    const level = market.book.levels(side).at(-1) ?? { tick: 1, sizeMicro: 0 };
    const entries = this.#entries(market, { side, ...level });
    return textFrame(priceChangeEvent(market, entries, timestamp, pickSpelling(this.#prng)));
  }

  /** Sends the fills of one taker's order in the order of execution, after the resulting book, as in recorded data. */
  traded(token: SimToken, trades: readonly TruthTrade[], timestamp: string): void {
    const listeners = this.#channel.listenersOfToken(token);
    if (listeners.length === 0) return;
    const book = postTradeBookEvent(token, timestamp, pickSpelling(this.#prng));
    const fills = trades.map((trade) => tradeEvent(trade, pickSpelling(this.#prng)));
    const chance = this.#prng.unit();
    const frames = chance < MIXED_ARRAY_SHARE ? [`[${[book, ...fills].join(',')}]`] : [book];
    if (chance >= MIXED_ARRAY_SHARE + FILL_ARRAY_SHARE) frames.push(...fills);
    else if (chance >= MIXED_ARRAY_SHARE) frames.push(`[${fills.join(',')}]`);
    let hearing = 0;
    for (const frame of frames) hearing = this.#channel.send(listeners, frame);
    if (hearing === 0) return;
    this.counts.book += 1;
    this.counts.trade += fills.length;
  }

  tickSizeChanged(market: SimMarket, change: { from: string; to: string; timestamp: string }): void {
    for (const token of market.tokens) {
      const listeners = this.#channel.listenersOfToken(token);
      if (listeners.length === 0) continue;
      if (this.#channel.send(listeners, tickSizeChangeEvent(token, change)) > 0) this.counts.other += 1;
    }
  }

  opened(market: SimMarket, timestamp: string): void {
    this.#toFlagged(newMarketEvent(market, timestamp));
  }

  resolved(market: SimMarket, payouts: Pair, timestamp: string): void {
    this.#toFlagged(marketResolvedEvent(market, payouts, timestamp));
  }

  #toFlagged(event: string): void {
    const flagged = this.#channel.sockets().filter((socket) => socket.flagged);
    if (flagged.length === 0) return;
    if (this.#channel.send(flagged, event) > 0) this.counts.other += 1;
  }

  #bestPricesChanged(market: SimMarket, listeners: readonly ChannelSocket[], timestamp: string): void {
    if (!listeners.some((socket) => socket.flagged)) return;
    for (const token of market.tokens) {
      const { bid, ask } = bestPrices(market.book, token);
      const top = `${bid}/${ask}`;
      if (this.#tops.get(token) === top) continue;
      this.#tops.set(token, top);
      const flagged = this.#channel.listenersOfToken(token).filter((socket) => socket.flagged);
      if (flagged.length === 0) continue;
      if (this.#channel.send(flagged, bestBidAskEvent(token, timestamp)) > 0) this.counts.bestBidAsk += 1;
    }
  }

  /** The changed level in the books of both tokens, in random order. */
  #entries(market: SimMarket, { side, tick, sizeMicro }: LevelChange): PriceChangeEntry[] {
    const { prices, ticks } = market.book.grid;
    const size = sizeText(sizeMicro);
    const [first, second] = market.tokens;
    const entries: PriceChangeEntry[] = [
      { token: first, price: prices[tick] ?? '', size, side, hash: this.#prng.hex(40) },
      {
        token: second,
        price: prices[ticks - tick] ?? '',
        size,
        side: side === 'BUY' ? 'SELL' : 'BUY',
        hash: this.#prng.hex(40),
      },
    ];
    return this.#prng.chance(0.5) ? entries : entries.reverse();
  }
}

/** Share of actions with several changed levels that are sent as an array of two events. */
const SPLIT_SHARE = 0.4;
/** Share of single events that are sent as an array of one. */
const SINGLE_ARRAY_SHARE = 0.03;
/** Share of taker's orders whose book and fills are sent in one array. */
const MIXED_ARRAY_SHARE = 0.05;
/** Share of taker's orders whose fills are sent in one array. */
const FILL_ARRAY_SHARE = 0.1;

function wrapped(event: string, prng: Prng): string {
  return prng.chance(SINGLE_ARRAY_SHARE) ? `[${event}]` : event;
}
