import { rest } from '@polytape/resilience';
import type { Database } from '@polytape/tapedb';
import type { Terminal } from '../terminal/terminal.ts';
import { Monitor } from './monitor.ts';
import type { Recorder } from './recorder.ts';
import type { SimulatedVenue } from './simulated-venue.ts';
import type { ShownTrade } from './view.ts';

/** Observations of a whole run. `neverReady` is empty if the run was interrupted. */
export type Watched = { neverReady: string[]; latencies: Latencies };

type Latencies = { p50Ms: number | null; p99Ms: number | null; firstTradeMs: number | null };

/**
 * Shows a running recorder on the terminal, once a second, until `signal` aborts or `forMs` have passed.
 *
 * Calls `afterwards` before the last look, so that the figures include the trades that were still on their way.
 */
export async function watchRecorder(o: {
  title: string;
  recorder: Recorder;
  database: Database;
  venue: SimulatedVenue | null;
  forMs: number | null;
  terminal: Terminal;
  signal: AbortSignal;
  afterwards: () => Promise<void>;
}): Promise<Watched> {
  const sinceUs = performance.timeOrigin * 1_000;
  const monitor = new Monitor(() => o.database.tradeCount({ receivedSinceUs: sinceUs }));
  const startedAtMs = performance.now();
  const timeIsUp = new AbortController();
  const over = AbortSignal.any([o.signal, timeIsUp.signal]);
  using _timer = timer(o.forMs, () => timeIsUp.abort());
  const firstTrade = firstTradeMs(o.database, over);

  while (!over.aborted) {
    await monitor.look(o.recorder.httpPorts);
    const trades = await shownTrades(o.database);
    const venue = await o.venue?.counts().catch(() => null); // not shown this time
    const isShown = o.terminal.show({
      title: o.title,
      elapsedMs: performance.now() - startedAtMs,
      forMs: o.forMs,
      executed: venue?.subscribed ?? null,
      shards: monitor.sum('polytape_ingestor_shards_assigned'),
      connectedShards: monitor.sum('polytape_ingestor_shards_connected'),
      tokens: monitor.sum('polytape_ingestor_tokens'),
      coveredTokens: monitor.sum('polytape_ingestor_tokens_covered'),
      framesPerSecond: monitor.rate('polytape_ingestor_frames_total'),
      tradesPerSecond: monitor.rate('polytape_ingestor_trades_total'),
      markets: monitor.sum('polytape_scheduler_markets_open'),
      prices: monitor.total('polytape_scheduler_prices_published_total'),
      books: monitor.total('polytape_scheduler_books_published_total'),
      resolutionSteps: monitor.total('polytape_scheduler_resolution_steps_total'),
      recorded: monitor.total('polytape_writer_trades_inserted_total'),
      recordedPerSecond: monitor.rate('polytape_writer_trades_inserted_total'),
      ...monitor.latency('recent'),
      unpublished:
        monitor.sum('polytape_ingestor_publish_queued') + monitor.sum('polytape_ingestor_publish_unacknowledged'),
      unparsed: monitor.total('polytape_ingestor_unparsed_total'),
      deadLetters: monitor.total('polytape_writer_dead_letters_total'),
      restarts: o.recorder.restarts,
      troubles: monitor.troubles,
      trades,
    });
    // A line every few seconds covers all looks since the last line.
    if (isShown) monitor.mark();
    await rest(LOOK_INTERVAL_MS, over);
  }
  await o.afterwards();
  await monitor.look(o.recorder.httpPorts);
  const latencies = { ...monitor.latency('run'), firstTradeMs: await firstTrade };
  return { latencies, neverReady: o.signal.aborted ? [] : monitor.neverReady() };
}

/** Calls back after this time unless disposed before; null never calls back. */
function timer(ms: number | null, callback: () => void): Disposable {
  const timeout = ms === null ? undefined : setTimeout(callback, ms);
  return { [Symbol.dispose]: () => clearTimeout(timeout) };
}

/** Milliseconds from the start of this process to the first committed trade; null if there was none. */
async function firstTradeMs(database: Database, over: AbortSignal): Promise<number | null> {
  while (!over.aborted) {
    // The writer may still be creating the schema; a given database may hold older trades.
    const [newest] = await database.recentTrades(1).catch(() => []);
    if (newest !== undefined && newest.receivedAtUs >= performance.timeOrigin * 1_000)
      return Math.round(performance.now());
    await rest(FIRST_TRADE_INTERVAL_MS, over);
  }
  return null;
}

async function shownTrades(database: Database): Promise<ShownTrade[]> {
  const trades = await database.recentTrades(TRADES_SHOWN).catch(() => []); // the database may be down, which the troubles show
  return trades.map(({ exchangeAtMs, side, price, size, outcome, question }) => ({
    atMs: exchangeAtMs,
    side,
    price,
    size,
    outcome,
    question,
  }));
}

const LOOK_INTERVAL_MS = 1_000;
const FIRST_TRADE_INTERVAL_MS = 50;
const TRADES_SHOWN = 8;
