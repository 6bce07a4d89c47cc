import { Command, InvalidArgumentError } from 'commander';
import { VenueSim } from './venue-sim.ts';
import { VenueSimOptionError } from './venue-sim-errors.ts';
import { defaults, type VenueSimOptions } from './venue-sim-options.ts';

/** What the command needs of its process. */
export type VenueSimCommandOptions = {
  /** Called once when the venue is to start: aborts when it is to stop. */
  stopSignal: () => AbortSignal;
  /** How a person calls the command, for the examples. */
  calledAs?: string;
  /** Takes one line for the standard output. */
  write?: (line: string) => void;
};

/**
 * `venue-sim`: runs a simulated venue until the stop signal, then prints what it executed. Errors leave the action as
 * they are (`VenueSimStartError`, `LedgerWriteError`); usage errors, options out of their range among them, are commander's.
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
    .option('--seed <text>', 'names the venue: the same seed has the same markets', defaults.seed)
    .option('--markets <number>', 'open markets at the start', whole, defaults.markets)
    .option('--trades-per-second <number>', 'mean over the venue', number, defaults.tradesPerSecond)
    .option('--quotes-per-trade <number>', "market makers' actions for each trade", number, defaults.quotesPerTrade)
    .option(
      '--burst-factor <number>',
      'trades come this many times faster for a second every 20; 1 is steady',
      number,
      4,
    )
    .option('--open-per-minute <number>', 'new markets', number, defaults.openPerMinute)
    .option('--close-per-minute <number>', 'markets that close', number, defaults.closePerMinute)
    .option(
      '--resolutions <how>',
      'how markets that close come to their end: automatic, or uma (proposals, disputes, splits, voids)',
      way,
      defaults.resolutions,
    )
    .option(
      '--resolution-step-ms <number>',
      'mean time between the steps of the latter',
      whole,
      defaults.resolutionStepMs,
    )
    .option('--odd-markets <number>', 'listed documents that a client must skip', whole, defaults.oddMarkets)
    .option('--trade-only-subscribed', 'trade only in tokens that somebody listens to')
    .option('--ping-timeout-ms <number>', 'close sockets that send no PING for so long', whole, defaults.pingTimeoutMs)
    .option('--books-per-socket-max <number>', 'tokens beyond these on one socket get nothing, silently', whole)
    .option('--ledger <file>', 'write every executed trade to this file, one JSON line each')
    .option('--no-trading', 'begin silent; POST /sim/start-trading starts it')
    .option('--json', 'print one JSON line when ready, and one at the end')
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
          : `Stopped. ${trades.executed} trades executed, ${trades.subscribed} of them in tokens that somebody listened to; ${framesSent} frames sent.`,
      );
    });
}

/** Most are options of the venue by their own names. */
type Flags = VenueSimOptions & { json?: boolean; ledger?: string; burstFactor: number };

/** An option out of its range is wrong usage, as one that is unknown. */
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
  ['--port 0 --json', 'a free port; the first line of output says which'],
  ['--trades-per-second 2000 --markets 2500', 'what a busy day looks like'],
  ['--seed 7 --ledger truth.jsonl', 'keep the truth to compare with'],
  ['--resolutions uma --close-per-minute 60', 'proposals, disputes, splits and voids'],
] as const;

const REQUESTS = [
  ['curl localhost:4400/sim/status', ''],
  ['curl -X POST localhost:4400/sim/stop-trading', 'answers when the ledger file is complete'],
  ['curl localhost:4400/sim/resolutions', 'how each market ended, and how it came to that'],
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
