import type { MarketRegistry } from '../catalogue/market-registry.ts';
import type { SimMarket, SimToken } from '../catalogue/sim-market.ts';
import type { MarketChannel } from '../channel/market-channel.ts';
import type { MarketFeed } from '../channel/market-feed.ts';
import { Prng } from '../exchange/prng.ts';

export type LoadEventsOptions = {
  seed: string;
  registry: MarketRegistry;
  channel: MarketChannel;
  feed: MarketFeed;
  /** Creates the initial book of an untouched market. */
  prepareBook: (market: SimMarket) => void;
  perSecond: number;
  clock: () => number;
};

/** A frame of the market channel and the place of its timestamp, with those whom it concerns. */
type PreparedFrame = { of: SimMarket | SimToken; frame: Buffer; timestampAt: number };

/**
 * Sends `price_change` and `book` frames that were prepared once and differ only in their timestamps. It sends the same few
 * thousand in turn and steadily replaces them by those of other markets, so that busy markets change and all get their share.
 */
export class LoadEvents {
  readonly #options: LoadEventsOptions;
  readonly #prng: Prng;
  readonly #frames: PreparedFrame[] = [];
  #events = 0;

  constructor(options: LoadEventsOptions) {
    this.#options = options;
    this.#prng = new Prng(options.seed, 'load events');
  }

  /** Sends the events that are due after this trading time. */
  advance(elapsedMs: number): void {
    const { perSecond, channel, feed, clock } = this.#options;
    const due = Math.floor((elapsedMs * perSecond) / 1_000);
    // After a pause of the machine, what is overdue is given up.
    this.#events = Math.max(this.#events, due - Math.ceil((perSecond * BEHIND_MS_MAX) / 1_000));
    const timestamp = Buffer.from(String(clock()), 'latin1');
    for (; this.#events < due; this.#events += 1) {
      const place = this.#events % FRAMES;
      if (this.#frames[place] === undefined || this.#events % REPLACED_ONE_IN === 0) {
        const prepared = this.#prepare();
        if (prepared === null) continue;
        this.#frames[place] = prepared;
      }
      const { of, frame, timestampAt } = this.#frames[place] as PreparedFrame;
      const isBook = 'market' in of;
      const listeners = isBook ? channel.listenersOfToken(of) : channel.listenersOfMarket(of);
      if (listeners.length === 0) continue;
      // In place, because copies would cost more than all the rest. A socket that still holds the frame sends the later time.
      frame.set(timestamp, timestampAt);
      if (channel.sendFrame(listeners, frame) === 0) continue;
      if (isBook) feed.counts.book += 1;
      else feed.counts.priceChange += 1;
    }
  }

  #prepare(): PreparedFrame | null {
    const { registry, prepareBook, feed } = this.#options;
    const market = registry.pick(this.#prng);
    if (market === undefined) return null;
    prepareBook(market);
    const token = this.#prng.pick(market.tokens);
    const isBook = this.#prng.chance(BOOK_SHARE);
    const frame = isBook ? feed.bookFrame(token, NO_TIME) : feed.levelFrame(market, NO_TIME);
    return { of: isBook ? token : market, frame, timestampAt: frame.indexOf(NO_TIME) };
  }
}

/** As long as a real timestamp, and no part of an id or hash. */
const NO_TIME = 'TTTTTTTTTTTTT';
/** About 3 MB. */
const FRAMES = 4_096;
const REPLACED_ONE_IN = 16;
/** Of a recorded busy channel, without trades. */
const BOOK_SHARE = 0.08;
const BEHIND_MS_MAX = 200;
