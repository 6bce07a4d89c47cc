import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ProcessUnderTest, venueEnv } from '@polytape/e2e';
import type { TruthTrade } from '@polytape/venue-sim';

/** The simulated venue in a process of its own. It trades steadily in subscribed tokens, from `trade` until `stop`. */
export class VenueProcess implements AsyncDisposable {
  readonly process: ProcessUnderTest;
  readonly env: Record<string, string>;
  readonly urls: Record<'ws' | 'gamma' | 'clob' | 'data' | 'sim', string>;
  readonly #ledgerPath: string;

  static async start(o: { directory: string; markets: number; tradesPerSecond: number }): Promise<VenueProcess> {
    const ledgerPath = join(o.directory, 'truth.jsonl');
    const main = fileURLToPath(import.meta.resolve('../../../venue-sim/src/main.ts'));
    const markets = [
      '--markets',
      `${o.markets}`,
      '--odd-markets',
      '0',
      '--open-per-minute',
      '0',
      '--close-per-minute',
      '0',
    ];
    // Trades that were made ahead cost the venue little, so the machine is the recorder's. A price change or book for each.
    const load = [
      '--load-trades-per-second',
      `${o.tradesPerSecond}`,
      '--load-events-per-second',
      `${o.tradesPerSecond}`,
    ];
    const steady = ['--trades-per-second', '0', '--burst-factor', '1', '--no-trading'];
    const args = ['--port', '0', '--json', '--ledger', ledgerPath, ...markets, ...load, ...steady];
    const process = ProcessUnderTest.spawn({ name: 'venue-sim', main, args, env: {} });
    try {
      const { urls } = JSON.parse(await process.line(/^\{"urls"/)) as Pick<VenueProcess, 'urls'>;
      return new VenueProcess(process, urls, ledgerPath);
    } catch (error) {
      await process[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(process: ProcessUnderTest, urls: VenueProcess['urls'], ledgerPath: string) {
    this.process = process;
    this.urls = urls;
    this.env = venueEnv({ urls });
    this.#ledgerPath = ledgerPath;
  }

  async trade(): Promise<void> {
    await this.#post('start-trading');
  }

  /** @returns What it executed, once everything has been sent. */
  async stop(): Promise<TruthTrade[]> {
    await this.#post('stop-trading');
    const trades: TruthTrade[] = [];
    for await (const line of createInterface({ input: createReadStream(this.#ledgerPath) })) {
      trades.push(JSON.parse(line) as TruthTrade);
    }
    return trades.filter(({ subscribed }) => subscribed);
  }

  async #post(path: string): Promise<void> {
    await fetch(`${this.urls.sim}/${path}`, { method: 'POST', signal: AbortSignal.timeout(60_000) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]();
  }
}
