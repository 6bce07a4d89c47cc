import { MarketFactory } from './catalogue/market-factory.ts';
import { MarketRegistry } from './catalogue/market-registry.ts';
import type { SimMarket, SimToken } from './catalogue/sim-market.ts';
import { type ChannelLimits, limitsProblem } from './channel/channel-limits.ts';
import { MarketChannel } from './channel/market-channel.ts';
import { MarketFeed } from './channel/market-feed.ts';
import { binaryFrame, textFrame } from './channel/ws-frame.ts';
import { controlRoutes } from './control/control-routes.ts';
import { MarketLifeControl } from './control/market-life-control.ts';
import { requestedTrade } from './control/requested-trade.ts';
import type {
  ClosedMarket,
  MarketReference,
  SendTarget,
  Stall,
  TradeRequest,
  VenueControl,
  VenueStatus,
  VenueUrls,
} from './control/venue-control.ts';
import { Exchange } from './exchange/exchange.ts';
import { LifeScripts } from './exchange/life-scripts.ts';
import type { Pair } from './exchange/market-life.ts';
import { MarketLifecycle } from './exchange/market-lifecycle.ts';
import { Prng } from './exchange/prng.ts';
import { TakerOrderLog } from './exchange/taker-order-log.ts';
import { TradingClock } from './exchange/trading-clock.ts';
import { TruthLedger } from './exchange/truth-ledger.ts';
import type { TruthTrade } from './exchange/truth-trade.ts';
import { loadClock } from './load/load-clock.ts';
import { LoadOrderLog } from './load/load-order-log.ts';
import { clobRoutes } from './rest/clob-routes.ts';
import { dataRoutes } from './rest/data-routes.ts';
import { GammaFigureCache } from './rest/gamma-figures.ts';
import { gammaRoutes } from './rest/gamma-routes.ts';
import { oddMarkets } from './rest/odd-markets.ts';
import { RestFaults } from './rest/rest-faults.ts';
import { VenueServer } from './venue-server.ts';
import { TradeRequestError, VenueSimOptionError } from './venue-sim-errors.ts';
import { type ResolvedOptions, resolveOptions, type VenueSimOptions } from './venue-sim-options.ts';

/**
 * A simulated Polymarket on one port: Gamma, CLOB, Data API and market channel, with a ledger of every executed trade. By
 * default trading begins at once. It goes on whether anybody listens or not.
 */
export class VenueSim implements AsyncDisposable, VenueControl {
  readonly urls: VenueUrls;
  /** Resolves with the error if trading ended because the ledger file could not be written. */
  readonly failed: Promise<Error>;
  /** Proposals, disputes, resolutions and reopenings, and the truth about them. */
  readonly life: MarketLifeControl;
  /** Bad answers and wrong hashes on request, and request counts. */
  readonly rest = new RestFaults();
  readonly #options: ResolvedOptions;
  readonly #server: VenueServer;
  readonly #registry: MarketRegistry;
  readonly #factory: MarketFactory;
  readonly #channel: MarketChannel;
  readonly #feed: MarketFeed;
  readonly #exchange: Exchange;
  readonly #lifecycle: MarketLifecycle;
  readonly #scripts: LifeScripts | null;
  readonly #ledger: TruthLedger;
  /** The clock of the exchange, and that of the load. */
  readonly #clocks: readonly TradingClock[];
  /** Random numbers for closings and requests, separate from those of trading. */
  readonly #chance: Prng;

  /**
   * @throws {VenueSimOptionError} An option is out of range.
   * @throws {VenueSimStartError} The port is taken, or the ledger file cannot be written.
   */
  static async start(options: VenueSimOptions = {}): Promise<VenueSim> {
    const resolved = resolveOptions(options);
    const server = await VenueServer.listen(resolved);
    try {
      const orders = new LoadOrderLog(resolved.seed);
      const ledger = await TruthLedger.open(resolved.ledgerPath, { load: orders });
      const venue = new VenueSim(resolved, { server, ledger, orders });
      if (resolved.trading) venue.startTrading();
      return venue;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(
    options: ResolvedOptions,
    { server, ledger, orders }: { server: VenueServer; ledger: TruthLedger; orders: LoadOrderLog },
  ) {
    const { seed, clock } = options;
    this.#options = options;
    this.#server = server;
    this.#ledger = ledger;
    this.urls = server.urls;
    this.#chance = new Prng(seed, 'control');
    this.#registry = new MarketRegistry();
    this.#factory = new MarketFactory({ seed, shareOfV2: options.shareOfV2, startedAtMs: clock() });
    for (let market = 0; market < options.markets; market += 1) this.#registry.add(this.#factory.nextListed());
    const odd = oddMarkets(this.#factory, options.oddMarkets);

    const registry = this.#registry;
    const prepareBook = (market: SimMarket): void => this.#exchange.prepareBook(market);
    // Frames have a random generator of their own, so that listeners never change what happens.
    const prng = new Prng(seed, 'wire');
    const takerOrders = new TakerOrderLog();
    this.#channel = new MarketChannel({ ...options, registry, prng, prepareBook });
    this.#feed = new MarketFeed(this.#channel, prng);
    const parts = { registry, ledger, takerOrders, channel: this.#channel, feed: this.#feed };
    this.#exchange = new Exchange({ ...options, ...parts });
    this.#lifecycle = new MarketLifecycle({ ...parts, prepareBook, clock });
    this.life = new MarketLifeControl({ registry, lifecycle: this.#lifecycle, flush: () => this.#channel.flush() });
    this.#scripts =
      options.resolutions === 'automatic'
        ? null
        : new LifeScripts({ seed, lifecycle: this.#lifecycle, stepMs: options.resolutionStepMs });
    const trading = new TradingClock({
      ...options,
      ...parts,
      exchange: this.#exchange,
      openMarket: () => void (registry.full || this.#open()),
      closeMarket: (elapsedMs) => this.#closeSome(elapsedMs),
      advance: (elapsedMs) => this.#scripts?.advance(elapsedMs),
    });
    const load = loadClock({ ...options, ...parts, orders, prepareBook });
    this.#clocks = load === null ? [trading] : [trading, load];
    this.failed = trading.failed;
    const figures = new GammaFigureCache({ ageMsMax: options.gammaFiguresAgeMs, clock });
    server.serve({
      hosts: {
        gamma: gammaRoutes({ ...options, registry, odd, figures }),
        clob: clobRoutes({ faults: this.rest, registry, prepareBook, clock }),
        data: dataRoutes({ registry, takerOrders, lagMs: options.dataLagMs, clock }),
        sim: controlRoutes(this),
      },
      faults: this.rest,
      acceptUpgrade: (request, raw, head) => this.#channel.accept(request, raw, head),
    });
  }

  startTrading(): void {
    for (const clock of this.#clocks) clock.start();
  }

  /**
   * Ends all trades, quotes, openings and closings. Resolves when the operating system has accepted the last frame and the
   * ledger file is complete. It waits up to 10 s for a socket whose client does not read (see `status().sockets`).
   * @throws {LedgerWriteError} The file could not be written.
   */
  async stopTrading(): Promise<void> {
    for (const clock of this.#clocks) clock.stop();
    await this.#channel.written();
    await this.#ledger.flush();
  }

  /** Every trade so far, in order. @throws {LedgerOutgrownError} The oldest are no longer in memory; see `ledgerLines`. */
  ledger(): readonly TruthTrade[] {
    return this.#ledger.entries();
  }

  /** The ledger as JSON lines, many in one text. @throws {LedgerOutgrownError} The oldest are not in memory, and there is no file. */
  ledgerLines(): AsyncGenerator<string> {
    return this.#ledger.lines();
  }

  status(): VenueStatus {
    const { framesSent, bytesSent, connected } = this.#channel.totals();
    const { executed, subscribed, path, failure } = this.#ledger;
    return {
      seed: this.#options.seed,
      trading: this.#clocks.some(({ running }) => running),
      urls: this.urls,
      markets: { open: this.#registry.open.length, closed: this.#registry.closedCount },
      trades: { executed, subscribed, givenUp: this.#clocks.reduce((sum, clock) => sum + clock.tradesGivenUp, 0) },
      quotes: this.#exchange.quotes,
      events: { ...this.#feed.counts },
      framesSent,
      bytesSent,
      socketsConnected: connected,
      socketsEnded: { ...this.#channel.endings },
      limits: this.#channel.limit({}),
      sockets: this.#channel.sockets().map((socket) => ({
        number: socket.number,
        connectedAtMs: socket.connectedAtMs,
        tokens: socket.tokens.size,
        served: this.#channel.servedTokens(socket),
        flagged: socket.flagged,
        stalled: socket.stalled,
        framesSent: socket.framesSent,
        bytesSent: socket.bytesSent,
        bufferedBytes: socket.bufferedBytes,
      })),
      rest: this.rest.counts(),
      ledger: { path, failure: failure?.message ?? null },
    };
  }

  /** Open markets, oldest first. */
  openMarketList(): MarketReference[] {
    return this.#registry.open.map(marketReference);
  }

  /** Executes one trade now, even while trading is stopped. @throws {TradeRequestError} It cannot be executed. */
  trade(request: TradeRequest = {}): TruthTrade {
    const entry = this.#exchange.executeRequested(
      requestedTrade(request, this.#tokenFor(request.tokenId), this.#chance),
    );
    this.#channel.flush();
    return entry;
  }

  /** Opens this number of new markets at once, fewer if the venue is full. */
  openMarkets(count: number): MarketReference[] {
    const opened: MarketReference[] = [];
    while (opened.length < count && !this.#registry.full) opened.push(marketReference(this.#open()));
    this.#channel.flush();
    return opened;
  }

  /**
   * Closes a market and resolves it at once, like the venue's automatic markets. Returns null if no open market has this
   * condition. By default the winner is random. For all other ends see `life`.
   */
  closeMarket(conditionId: string, winner?: 0 | 1): ClosedMarket | null {
    const market = this.#registry.byCondition(conditionId);
    if (market === undefined || market.closed !== null) return null;
    const decided = this.#close(market, winner);
    this.#channel.flush();
    return { ...marketReference(market), winner: decided };
  }

  /** Sends any text or binary frame, even an invalid one. Returns the number of sockets that get it. */
  send(message: string | Buffer, to: SendTarget = 'all'): number {
    const token = typeof to === 'string' ? this.#registry.token(to) : undefined;
    const sockets = this.#channel
      .sockets()
      .filter((socket) => to === 'all' || socket.number === to || (token !== undefined && socket.tokens.has(token)));
    const frame = typeof message === 'string' ? textFrame(message) : binaryFrame(message);
    const hearing = this.#channel.sendFrame(sockets, frame);
    this.#channel.flush();
    return hearing;
  }

  /** Cuts one socket or all of them without a closing handshake. Returns their number. */
  drop(socket?: number): number {
    return this.#channel.drop(socket);
  }

  /** Changes the limits for future subscriptions. Returns the resulting limits. */
  limitSockets(limits: Partial<ChannelLimits>): ChannelLimits {
    const problem = limitsProblem(limits);
    if (problem !== null) throw new VenueSimOptionError(problem);
    return this.#channel.limit(limits);
  }

  /** Stalls sockets silently: they stay open and answer PINGs, but everything else is discarded. Returns their number. */
  stall({ socket, newSockets }: Stall = {}): number {
    return this.#channel.stall({ socket: socket ?? (newSockets === undefined ? 'all' : null), newSockets });
  }

  /** Serves one stalled socket or all of them again, without the discarded frames. Returns their number. */
  unstall(socket: number | 'all' = 'all'): number {
    return this.#channel.unstall(socket);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const clock of this.#clocks) clock.stop();
    await this.#channel[Symbol.asyncDispose]();
    await this.#server[Symbol.asyncDispose]();
    await this.#ledger[Symbol.asyncDispose]();
  }

  #open(): SimMarket {
    const nowMs = this.#options.clock();
    const market = this.#factory.nextOpened(nowMs);
    this.#registry.add(market);
    this.#feed.opened(market, String(nowMs));
    return market;
  }

  /** Closes a random market, but never the last one. */
  #closeSome(elapsedMs: number): void {
    if (this.#registry.open.length <= 1) return;
    const market = this.#chance.pick(this.#registry.open);
    if (this.#scripts === null) this.#close(market);
    else if (!this.#scripts.isUnderWay(market)) this.#scripts.begin(market, elapsedMs);
  }

  #close(market: SimMarket, given?: 0 | 1): 0 | 1 {
    const winner = given ?? (this.#chance.chance(market.fairTick / market.book.grid.ticks) ? 0 : 1);
    const payouts: Pair = winner === 0 ? ['1', '0'] : ['0', '1'];
    this.#lifecycle.resolve(market, payouts, { automatic: true, announced: true });
    return winner;
  }

  #tokenFor(tokenId: string | undefined): SimToken {
    if (tokenId !== undefined) {
      const token = this.#registry.token(tokenId);
      if (token === undefined) throw new TradeRequestError(`no market has the token ${tokenId}`);
      if (token.market.closed !== null) throw new TradeRequestError(`the market of token ${tokenId} is closed`);
      return token;
    }
    const open = this.#registry.open.flatMap((market) => market.tokens);
    const heard = open.filter(
      (token) => this.#channel.wasSent(token) && this.#channel.listenersOfToken(token).length > 0,
    );
    if (open.length === 0) throw new TradeRequestError('no market is open');
    return this.#chance.pick(heard.length > 0 ? heard : open);
  }
}

/** The names of a market for the control interface. */
function marketReference(market: SimMarket): MarketReference {
  const [first, second] = market.tokens;
  return {
    gammaId: market.gammaId,
    conditionId: market.conditionId,
    slug: market.slug,
    tokenIds: [first.tokenId, second.tokenId],
  };
}
