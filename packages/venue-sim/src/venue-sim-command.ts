import { Command, InvalidArgumentError } from 'commander';
import { VenueSim } from './venue-sim.ts';
import { VenueSimOptionError } from './venue-sim-errors.ts';
import { defaults, type VenueSimOptions } from './venue-sim-options.ts';

/** What the command needs from its process. */
export type VenueSimCommandOptions = {
  /** Called once before the venue starts; its signal stops the venue. */
  stopSignal: () => AbortSignal;
  /** How to call the command, for the examples. */
  calledAs?: string;
  /** Prints one line on standard output. */
  write?: (line: string) => void;
};

/**
 * `venue-sim`: runs a simulated venue until the stop signal, then prints a summary. The action throws `VenueSimStartError` and
 * `LedgerWriteError`; commander reports usage errors, including options out of range.
 */
export function createVenueSimCommand({
  stopSignal,
  calledAs = 'venue-sim',
  write = console.log,
}: VenueSimCommandOptions): Command {
  const command = new Command('venue-sim');
  return command
    .description('Runs a simulated Polymarket: Gamma, CLOB, Data API and market channel, with a ledger of every trade.')
    .option('--host <address>', 'address to listen on', defaults.host)
    .option('--port <number>', 'port to listen on; 0 picks a free one', whole, 4400)
    .option('--seed <text>', 'names the venue: the same seed gives the same markets', defaults.seed)
    .option('--markets <number>', 'open markets at the start', whole, defaults.markets)
    .option('--trades-per-second <number>', 'mean rate of trades', number, defaults.tradesPerSecond)
    .option('--quotes-per-trade <number>', "market makers' actions per trade", number, defaults.quotesPerTrade)
    .option(
      '--load-trades-per-second <number>',
      'mean rate of further, cheap trades, which leave books and prices alone',
      number,
      defaults.loadTradesPerSecond,
    )
    .option(
      '--load-events-per-second <number>',
      'rate of further, cheap price_change and book frames',
      number,
      defaults.loadEventsPerSecond,
    )
    .option(
      '--burst-factor <number>',
      'factor by which trades are faster during one second in 20; 1 is a steady rate',
      number,
      4,
    )
    .option('--open-per-minute <number>', 'new markets', number, defaults.openPerMinute)
    .option('--close-per-minute <number>', 'markets that close', number, defaults.closePerMinute)
    .option(
      '--resolutions <how>',
      'how markets end: automatic, or uma (proposals, disputes, splits, voids)',
      way,
      defaults.resolutions,
    )
    .option(
      '--resolution-step-ms <number>',
      'mean time between the steps of uma resolutions',
      whole,
      defaults.resolutionStepMs,
    )
    .option('--odd-markets <number>', 'listed documents that a client must skip', whole, defaults.oddMarkets)
    .option('--trade-only-subscribed', 'trade only in subscribed tokens')
    .option(
      '--ping-timeout-ms <number>',
      'close sockets that send no PING for this long',
      whole,
      defaults.pingTimeoutMs,
    )
    .option('--books-per-socket-max <number>', 'silently serve only this many tokens per socket', whole)
    .option('--ledger <file>', 'write every executed trade to this file as a JSON line')
    .option('--no-trading', 'do not trade until POST /sim/start-trading')
    .option('--json', 'print one JSON line when ready and one at the end')
    .addHelpText('after', examples(calledAs))
    .action(async ({ json, ledger, burstFactor, ...options }: Flags) => {
      const stop = stopSignal();
      const burst = burstFactor === 1 ? null : { ...defaults.burst, factor: burstFactor };
      await using venue = await startedOr(command, { ...options, burst, ledgerPath: ledger ?? null });
      write(json ? JSON.stringify({ urls: venue.urls, pid: process.pid }) : readyText(venue));
      const failure = await Promise.race([aborted(stop), venue.failed]);
      if (failure !== undefined) throw failure;
      await venue.stopTrading();
      const { trades, framesSent } = venue.status();
      write(
        json
          ? JSON.stringify({ trades, framesSent })
          : `Stopped. ${trades.executed} trades executed, ${trades.subscribed} of them in subscribed tokens; ${framesSent} frames sent.`,
      );
    });
}

/** Most flags have the names of the venue's options. */
type Flags = VenueSimOptions & { json?: boolean; ledger?: string; burstFactor: number };

/** Reports an option out of range as wrong usage. */
async function startedOr(command: Command, options: VenueSimOptions): Promise<VenueSim> {
  try {
    return await VenueSim.start(options);
  } catch (error) {
    if (error instanceof VenueSimOptionError) command.error(`error: ${error.message}`, { exitCode: 2 });
    throw error;
  }
}

function examples(calledAs: string): string {
  const lines = (pairs: readonly (readonly [string, string])[]) => {
    const width = Math.max(...pairs.map(([command]) => command.length));
    return pairs.map(([command, what]) => `  ${command.padEnd(width)}   ${what}`.trimEnd()).join('\n');
  };
  const calls = CALLS.map(([flags, what]) => [`${calledAs} ${flags}`.trimEnd(), what] as const);
  return `\nExamples:\n${lines(calls)}\n\nWhile it runs:\n${lines(REQUESTS)}`;
}

const CALLS = [
  ['', '200 markets, 50 trades a second, on port 4400'],
  ['--port 0 --json', 'a free port, named in the first line of output'],
  ['--trades-per-second 2000 --markets 2500', 'a busy day'],
  ['--markets 500 --load-trades-per-second 20000', 'a load test'],
  ['--seed 7 --ledger truth.jsonl', 'keep the truth for a comparison'],
  ['--resolutions uma --close-per-minute 60', 'proposals, disputes, splits and voids'],
] as const;

const REQUESTS = [
  ['curl localhost:4400/sim/status', ''],
  ['curl -X POST localhost:4400/sim/stop-trading', 'answers once the ledger file is complete'],
  ['curl localhost:4400/sim/resolutions', 'how each market ended, step by step'],
] as const;

function readyText({ urls }: VenueSim): string {
  return [
    'The simulated venue is open. Point a client at it with',
    `  POLYMARKET_WS_URL=${urls.ws}`,
    `  POLYMARKET_GAMMA_URL=${urls.gamma}`,
    `  POLYMARKET_CLOB_URL=${urls.clob}`,
    `  POLYMARKET_DATA_URL=${urls.data}`,
    `Control: ${urls.sim}/status. Ctrl-C stops it.`,
  ].join('\n');
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function way(text: string): 'automatic' | 'uma' {
  if (text !== 'automatic' && text !== 'uma') throw new InvalidArgumentError('It must be automatic or uma.');
  return text;
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError('It must be a number, 0 or more.');
  return value;
}

function whole(text: string): number {
  const value = number(text);
  if (!Number.isInteger(value)) throw new InvalidArgumentError('It must be a whole number.');
  return value;
}
