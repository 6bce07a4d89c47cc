import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { clobRoutes } from './clob-routes.ts';
import { controlRoutes } from './control-routes.ts';
import { dataRoutes } from './data-routes.ts';
import { Exchange } from './exchange.ts';
import { gammaRoutes } from './gamma-routes.ts';
import { answerFrom, type Route } from './http-routes.ts';
import { MarketChannel, type SocketEndings } from './market-channel.ts';
import { MarketFactory } from './market-factory.ts';
import { type EventCounts, MarketFeed } from './market-feed.ts';
import { MarketRegistry } from './market-registry.ts';
import { oddMarkets } from './odd-markets.ts';
import type { Side } from './order-book.ts';
import { tickOfPrice } from './price-grid.ts';
import { Prng } from './prng.ts';
import { microOfSize } from './share-size.ts';
import type { SimMarket, SimToken } from './sim-market.ts';
import { TakerOrderLog } from './taker-order-log.ts';
import { TradingClock } from './trading-clock.ts';
import { TruthLedger } from './truth-ledger.ts';
import type { TruthTrade } from './truth-trade.ts';
import { TradeRequestError, VenueSimStartError } from './venue-sim-errors.ts';
import { type ResolvedOptions, resolveOptions, type VenueSimOptions } from './venue-sim-options.ts';
import { binaryFrame, textFrame } from './ws-frame.ts';

/** Where the venue's interfaces are; no trailing slash. */
export type VenueUrls = { ws: string; gamma: string; clob: string; data: string; sim: string };

/** A trade to execute now; what is not given is chosen. */
export type TradeRequest = {
  /** Default: a random token that somebody listens to, or any. */
  tokenId?: string;
  side?: Side;
  /** On the market's tick; default: the best price. */
  price?: string;
  /** Up to 6 decimals; default 10. */
  size?: string;
  /** Null sends none. */
  transactionHash?: string | null;
  /** Null sends none. */
  feeRateBps?: string | null;
  /** Milliseconds since the epoch, as a string; default now. */
  timestamp?: string;
};

/** A market as the control interface names it. */
export type MarketReference = { gammaId: string; conditionId: string; slug: string; tokenIds: [string, string] };

/** What the venue is doing; plain numbers, all counted since it started. */
export type VenueStatus = {
  seed: string;
  trading: boolean;
  urls: VenueUrls;
  markets: { open: number; closed: number };
  trades: { executed: number; subscribed: number; givenUp: number };
  quotes: number;
  events: EventCounts;
  framesSent: number;
  bytesSent: number;
  socketsConnected: number;
  socketsEnded: SocketEndings;
  sockets: {
    number: number;
    tokens: number;
    flagged: boolean;
    framesSent: number;
    bytesSent: number;
    bufferedBytes: number;
  }[];
  ledger: { path: string | null; failure: string | null };
};

/**
 * A simulated Polymarket on one port: Gamma, CLOB, Data API and market channel, with a ledger of every trade it
 * executed. Trading begins at once unless told otherwise, and goes on whether anybody listens or not.
 */
export class VenueSim implements AsyncDisposable {
  readonly urls: VenueUrls;
  readonly #options: ResolvedOptions;
  readonly #server: Server;
  readonly #registry: MarketRegistry;
  readonly #factory: MarketFactory;
  readonly #channel: MarketChannel;
  readonly #feed: MarketFeed;
  readonly #exchange: Exchange;
  readonly #ledger: TruthLedger;
  readonly #trading: TradingClock;
  /** Chance for what is asked for or happens to the market list, apart from what trades. */
  readonly #chance: Prng;

  /**
   * @throws {VenueSimOptionError} An option is out of its range.
   * @throws {VenueSimStartError} The port is taken, or the ledger file cannot be written.
   */
  static async start(options: VenueSimOptions = {}): Promise<VenueSim> {
    const resolved = resolveOptions(options);
    const server = createServer();
    await listen(server, resolved);
    try {
      const ledger = await openLedger(resolved.ledgerPath);
      const venue = new VenueSim(resolved, server, ledger);
      if (resolved.trading) venue.startTrading();
      return venue;
    } catch (error) {
      server.close();
      throw error;
    }
  }

  private constructor(options: ResolvedOptions, server: Server, ledger: TruthLedger) {
    this.#options = options;
    this.#server = server;
    this.#ledger = ledger;
    this.urls = urlsOf(server, options);
    this.#chance = new Prng(options.seed, 'control');
    this.#registry = new MarketRegistry();
    this.#factory = new MarketFactory({ ...options, startedAtMs: options.clock() });
    for (let market = 0; market < options.markets; market += 1) this.#registry.add(this.#factory.nextListed());
    const odd = oddMarkets(this.#factory, options.oddMarkets);
    const prepareBook = (market: SimMarket): void => this.#exchange.prepareBook(market);
    const { clock } = options;
    const prng = new Prng(options.seed, 'wire');
    this.#channel = new MarketChannel({ ...options, registry: this.#registry, prng, prepareBook });
    this.#feed = new MarketFeed(this.#channel, prng);
    const takerOrders = new TakerOrderLog();
    this.#exchange = new Exchange({
      ...options,
      registry: this.#registry,
      channel: this.#channel,
      feed: this.#feed,
      ledger,
      takerOrders,
    });
    this.#trading = new TradingClock({
      ...options,
      exchange: this.#exchange,
      channel: this.#channel,
      ledger,
      openMarket: () => this.#open(),
      closeMarket: () => this.#closeSome(),
    });
    this.#serve([
      ['/gamma', gammaRoutes({ registry: this.#registry, odd, prepareBook })],
      ['/clob', clobRoutes(this.#registry, { prepareBook, clock })],
      ['/data', dataRoutes({ registry: this.#registry, takerOrders, lagMs: options.dataLagMs, clock })],
      ['/sim', controlRoutes(this)],
    ]);
  }

  startTrading(): void {
    this.#trading.start();
  }

  /**
   * No further trade, quote, opening or closing; resolves when the last frame was handed to the operating system and
   * the ledger file is complete. @throws The ledger file's failure.
   */
  async stopTrading(): Promise<void> {
    this.#trading.stop();
    await this.#channel.written();
    await this.#ledger.flush();
  }

  /** Every trade so far, in order. @throws {LedgerOutgrownError} They no longer fit in memory; see `ledgerLines`. */
  ledger(): readonly TruthTrade[] {
    return this.#ledger.entries();
  }

  /** The ledger as JSON lines, several at a time. */
  ledgerLines(): AsyncGenerator<string> {
    return this.#ledger.lines();
  }

  status(): VenueStatus {
    const totals = this.#channel.totals();
    return {
      seed: this.#options.seed,
      trading: this.#trading.running,
      urls: this.urls,
      markets: { open: this.#registry.open.length, closed: this.#registry.closedCount },
      trades: {
        executed: this.#ledger.executed,
        subscribed: this.#ledger.subscribed,
        givenUp: this.#trading.tradesGivenUp,
      },
      quotes: this.#exchange.quotes,
      events: this.#feed.counts,
      framesSent: totals.framesSent,
      bytesSent: totals.bytesSent,
      socketsConnected: totals.connected,
      socketsEnded: this.#channel.endings,
      sockets: this.#channel.sockets().map((socket) => ({
        number: socket.number,
        tokens: socket.tokens.size,
        flagged: socket.flagged,
        framesSent: socket.framesSent,
        bytesSent: socket.bytesSent,
        bufferedBytes: socket.bufferedBytes,
      })),
      ledger: { path: this.#ledger.path, failure: this.#ledger.failure?.message ?? null },
    };
  }

  /** The markets that are open, oldest first. */
  openMarketList(): MarketReference[] {
    return this.#registry.open.map(reference);
  }

  /** Executes one trade now, also while trading is stopped. @throws {TradeRequestError} It cannot be executed. */
  trade(request: TradeRequest = {}): TruthTrade {
    const token = this.#tokenFor(request.tokenId);
    const { grid } = token.market.book;
    const tick = request.price === undefined ? null : tickOfPrice(grid, request.price);
    if (request.price !== undefined && (tick === null || tick === 0 || tick === grid.ticks)) {
      throw new TradeRequestError(`price ${request.price} is not on the tick ${grid.tickSize}`);
    }
    const sizeMicro = microOfSize(request.size ?? '10');
    if (sizeMicro === null || sizeMicro === 0) {
      throw new TradeRequestError(`size ${request.size} is not a number of shares with up to 6 decimals`);
    }
    const { side = this.#chance.chance(0.5) ? 'BUY' : 'SELL', timestamp } = request;
    if (side !== 'BUY' && side !== 'SELL') throw new TradeRequestError('side is BUY or SELL');
    if (timestamp !== undefined && !/^\d{13}$/.test(timestamp)) {
      throw new TradeRequestError('timestamp is milliseconds since the epoch, as a string');
    }
    const entry = this.#exchange.executeRequested({
      token,
      side,
      tick,
      sizeMicro,
      ...(request.transactionHash === undefined ? {} : { transactionHash: request.transactionHash }),
      ...(request.feeRateBps === undefined ? {} : { feeRateBps: request.feeRateBps }),
      ...(timestamp === undefined ? {} : { timestampMs: Number(timestamp) }),
    });
    this.#channel.flush();
    return entry;
  }

  /** Opens so many new markets at once. */
  openMarkets(count: number): MarketReference[] {
    const opened = Array.from({ length: count }, () => reference(this.#open()));
    this.#channel.flush();
    return opened;
  }

  /** Closes a market; null when no open one has this condition. The winner is random unless given. */
  closeMarket(conditionId: string, winner?: 0 | 1): (MarketReference & { winner: 0 | 1 }) | null {
    const market = this.#registry.byCondition(conditionId);
    if (market === undefined || market.closed !== null) return null;
    const decided = winner ?? (this.#chance.chance(market.fairTick / market.book.grid.ticks) ? 0 : 1);
    this.#close(market, decided);
    this.#channel.flush();
    return { ...reference(market), winner: decided };
  }

  /**
   * Sends any frame at once, text or binary, also what the real venue never would; answers to how many sockets.
   * `to` is `all`, a socket's number, or a token id (then: to whoever listens to it).
   */
  send(message: string | Buffer, to: 'all' | number | string = 'all'): number {
    const sockets = this.#channel.sockets().filter((socket) => {
      if (to === 'all' || socket.number === to) return true;
      const token = typeof to === 'string' ? this.#registry.token(to) : undefined;
      return token !== undefined && socket.tokens.has(token);
    });
    this.#channel.sendFrame(sockets, typeof message === 'string' ? textFrame(message) : binaryFrame(message));
    this.#channel.flush();
    return sockets.length;
  }

  /** Cuts one socket by its number, or all; answers how many. */
  drop(socket?: number): number {
    return this.#channel.drop(socket);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#trading.stop();
    await this.#channel[Symbol.asyncDispose]();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await this.#ledger[Symbol.asyncDispose]();
  }

  #open(): SimMarket {
    const market = this.#factory.nextOpened(this.#options.clock());
    this.#registry.add(market);
    this.#feed.opened(market, String(this.#options.clock()));
    return market;
  }

  #closeSome(): void {
    const { open } = this.#registry;
    if (open.length < 2) return;
    const market = this.#chance.pick(open);
    this.#close(market, this.#chance.chance(market.fairTick / market.book.grid.ticks) ? 0 : 1);
  }

  #close(market: SimMarket, winner: 0 | 1): void {
    const atMs = this.#options.clock();
    this.#registry.close(market, { atMs, winner });
    this.#feed.closed(market, String(atMs));
  }

  #tokenFor(tokenId: string | undefined): SimToken {
    if (tokenId !== undefined) {
      const token = this.#registry.token(tokenId);
      if (token === undefined) throw new TradeRequestError(`no market has the token ${tokenId}`);
      if (token.market.closed !== null) throw new TradeRequestError(`the market of token ${tokenId} is closed`);
      return token;
    }
    const listened = this.#channel
      .sockets()
      .flatMap((socket) => [...socket.tokens])
      .filter((token) => token.market.closed === null && this.#channel.wasSent(token));
    const tokens = listened.length > 0 ? listened : this.#registry.open.flatMap((market) => market.tokens);
    if (tokens.length === 0) throw new TradeRequestError('no market is open');
    return this.#chance.pick(tokens);
  }

  #serve(hosts: [prefix: string, routes: Route[]][]): void {
    this.#server.on('request', (request, response) => {
      const url = new URL(request.url ?? '/', 'http://venue.invalid');
      const host = hosts.find(([prefix]) => url.pathname.startsWith(`${prefix}/`));
      const path = host === undefined ? url.pathname : url.pathname.slice(host[0].length);
      answerFrom(host?.[1] ?? [], { request, response, path, query: url.searchParams }).catch((error: unknown) => {
        // The answer may have begun; the client must not take half of it for the whole.
        if (response.headersSent) response.destroy();
        else
          response.writeHead(500, { 'content-type': 'application/json' }).end(JSON.stringify({ error: String(error) }));
      });
    });
    this.#server.on('upgrade', (request, socket, head) => {
      const { pathname } = new URL(request.url ?? '/', 'http://venue.invalid');
      if (pathname === this.#options.wsPath) this.#channel.accept(request, socket, head);
      else socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    });
  }
}

function reference(market: SimMarket): MarketReference {
  const [first, second] = market.tokens;
  return {
    gammaId: market.gammaId,
    conditionId: market.conditionId,
    slug: market.slug,
    tokenIds: [first.tokenId, second.tokenId],
  };
}

async function listen(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        new VenueSimStartError(
          error.code === 'EADDRINUSE'
            ? `port ${port} on ${host} is taken`
            : `cannot listen on ${host}:${port}: ${error.message}`,
          'Choose another port with --port; 0 picks a free one.',
          error,
        ),
      );
    });
    server.listen(port, host, resolve);
  });
}

async function openLedger(path: string | null): Promise<TruthLedger> {
  try {
    return await TruthLedger.open(path);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new VenueSimStartError(`cannot write the ledger: ${cause}`, 'Choose another file with --ledger.', error);
  }
}

function urlsOf(server: Server, { host, wsPath }: { host: string; wsPath: string }): VenueUrls {
  const { port } = server.address() as AddressInfo;
  // An address that means "all of them" is not one to connect to.
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  const http = `http://${name}:${port}`;
  return {
    ws: `ws://${name}:${port}${wsPath}`,
    gamma: `${http}/gamma`,
    clob: `${http}/clob`,
    data: `${http}/data`,
    sim: `${http}/sim`,
  };
}
