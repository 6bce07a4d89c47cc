import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { CommandError } from '../command-error.ts';
import type { RuntimeVenue } from './runtime-file.ts';
import { type ServiceLogRecord, startService } from './service-process.ts';
import type { RunningProcess } from './supervised-process.ts';
import type { TruthComparer } from './truth-comparison.ts';

/** The simulated venue of the demo, in a process of its own, and its ledger. */
export class SimulatedVenue implements AsyncDisposable {
  readonly #process: RunningProcess;
  readonly #ledgerPath: string;
  readonly #base: string;

  static async start(o: {
    markets: number;
    tradesPerSecond: number;
    seed: string;
    ledgerPath: string;
    logs: string;
    onLog: (record: ServiceLogRecord) => void;
  }): Promise<SimulatedVenue> {
    const matched = Math.min(o.tradesPerSecond, MATCHED_TRADES_MAX);
    const process = await startService({
      name: 'venue-sim',
      main: fileURLToPath(import.meta.resolve('../../../venue-sim/src/main.ts')),
      args: [
        ...['--port', '0', '--json', '--seed', o.seed, '--ledger', o.ledgerPath],
        // Listings that cannot be recorded belong in tests; here they would only raise alarms.
        ...['--odd-markets', '0'],
        // Resolutions with proposals, disputes, splits and voids.
        ...['--resolutions', 'uma'],
        ...['--markets', String(o.markets), '--trades-per-second', String(matched)],
        ...['--load-trades-per-second', String(o.tradesPerSecond - matched)],
      ],
      env: {},
      logPath: join(o.logs, 'venue-sim.log'),
      onLog: o.onLog,
    });
    return new SimulatedVenue(process, o.ledgerPath);
  }

  private constructor(process: RunningProcess, ledgerPath: string) {
    this.#process = process;
    this.#ledgerPath = ledgerPath;
    this.#base = `http://127.0.0.1:${process.httpPort}`;
  }

  get process(): RunningProcess {
    return this.#process;
  }

  get urls(): RuntimeVenue {
    const [base, channel] = [this.#base, this.#base.replace('http', 'ws')];
    return { ws: `${channel}/ws/market`, gamma: base, clob: base, data: base, control: `${base}/sim` };
  }

  /** Environment that points the services here. */
  get env(): Record<string, string> {
    const { ws, gamma, clob, data } = this.urls;
    return {
      POLYMARKET_WS_URL: ws,
      POLYMARKET_GAMMA_URL: gamma,
      POLYMARKET_CLOB_URL: clob,
      POLYMARKET_DATA_URL: data,
    };
  }

  /**
   * `subscribed`: executed trades in tokens that some connection had subscribed to, which a recorder could have seen.
   * `slow`: connections that the venue cut because they did not read.
   */
  async counts(): Promise<{ subscribed: number; slow: number }> {
    const { trades, socketsEnded } = (await this.#ask('GET', '/sim/status')) as {
      trades: { subscribed: number };
      socketsEnded: { slow: number };
    };
    return { subscribed: trades.subscribed, slow: socketsEnded.slow };
  }

  /** Resolves once the last trade was sent and the ledger is complete. */
  async stopTrading(): Promise<void> {
    await this.#ask('POST', '/sim/stop-trading', LEDGER_MS_MAX);
  }

  /** Feeds every trade that a recorder could have seen into the comparer. */
  async tellTruth(comparer: TruthComparer): Promise<void> {
    for await (const line of createInterface({ input: createReadStream(this.#ledgerPath) })) {
      const { subscribed, timestamp, sockets, ...trade } = JSON.parse(line);
      if (subscribed) comparer.executed({ ...trade, timestampMs: Number(timestamp) }, { sockets });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop();
  }

  /** @throws {CommandError} The venue is gone, so there is nothing to compare with. */
  async #ask(method: 'GET' | 'POST', path: string, withinMs = ANSWER_MS_MAX): Promise<unknown> {
    try {
      const response = await fetch(`${this.#base}${path}`, { method, signal: AbortSignal.timeout(withinMs) });
      return await response.json();
    } catch (error) {
      throw new CommandError('The simulated venue no longer answers, so the database cannot be compared with it', {
        cause: error,
      });
    }
  }
}

/** A second's trades that go through the matching engine and move books and prices. Further ones would take the recorder's core. */
const MATCHED_TRADES_MAX = 500;
const ANSWER_MS_MAX = 15_000;
/** The venue writes a minute of 40,000 trades a second into its ledger in about ten seconds. */
const LEDGER_MS_MAX = 120_000;
