import { TradingClock, type TradingClockOptions } from '../exchange/trading-clock.ts';
import { LoadEvents, type LoadEventsOptions } from './load-events.ts';
import { LoadTrader, type LoadTraderOptions } from './load-trader.ts';

/** Drives the load: trades with the venue's bursts, and steady other events. Null if there is none. */
export function loadClock({
  loadTradesPerSecond,
  loadEventsPerSecond,
  ...parts
}: { loadTradesPerSecond: number; loadEventsPerSecond: number } & LoadTraderOptions &
  Omit<LoadEventsOptions, 'perSecond'> &
  Pick<TradingClockOptions, 'ledger' | 'burst'>): TradingClock | null {
  if (loadTradesPerSecond === 0 && loadEventsPerSecond === 0) return null;
  const trader = new LoadTrader(parts);
  const events = new LoadEvents({ ...parts, perSecond: loadEventsPerSecond });
  return new TradingClock({
    ...parts,
    exchange: { executeTakerOrder: () => trader.execute(), quote: () => {} },
    tradesPerSecond: loadTradesPerSecond,
    quotesPerTrade: 0,
    openPerMinute: 0,
    closePerMinute: 0,
    openMarket: () => {},
    closeMarket: () => {},
    advance: (elapsedMs) => events.advance(elapsedMs),
    tickMs: LOAD_TICK_MS,
  });
}

/** At high rates, longer ticks would mean bursts that the real venue does not have. */
const LOAD_TICK_MS = 2;
