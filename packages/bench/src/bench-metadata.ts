import { freePort } from '@polytape/embedded';
import { VenueSim } from '@polytape/venue-sim';
import type { Bench } from './bench.ts';
import { type Figure, figureOf } from './measure.ts';
import { startService } from './service-process.ts';

/**
 * What a scheduler with default intervals needs for 20,000 markets, and how near it comes to the venue's limits: first a
 * scan of an empty log, then a restart with all markets known, when every job begins at once.
 */
export async function benchMetadata(bench: Bench): Promise<Figure[]> {
  const { url: natsUrl } = await bench.nats();
  await using venue = await VenueSim.start({
    ...{ markets: MARKETS, oddMarkets: 0 },
    ...{ trading: false, gammaFiguresAgeMs: 0 },
  });
  const addresses = {
    POLYMARKET_WS_URL: venue.urls.ws,
    POLYMARKET_GAMMA_URL: venue.urls.gamma,
    POLYMARKET_CLOB_URL: venue.urls.clob,
    POLYMARKET_DATA_URL: venue.urls.data,
    NATS_URL: natsUrl,
  };
  const figures: Figure[] = [];
  {
    await using scheduler = await measured(addresses);
    await scheduler.untilItems('discovery-scan', MARKETS);
    figures.push(...(await scheduler.figures('first scan', ['discovery-scan'])));
  }
  {
    await using scheduler = await measured(addresses);
    await Promise.all([
      scheduler.untilItems('discovery-scan', MARKETS),
      scheduler.untilItems('prices', 2 * MARKETS),
      scheduler.untilItems('books', 2 * MARKETS),
    ]);
    figures.push(...(await scheduler.figures('all jobs at once', ['discovery-scan', 'prices', 'books'])));
  }
  const rates = venue.rest.rates().filter(({ requests }) => requests > 0);
  for (const { host, rule, limit, requests, most } of rates) {
    const figure = figureOf(`${host} ${rule}: requests in 10 s at most, of ${requests}`, 'requests', 'less', [most]);
    figures.push({ ...figure, baseline: { name: "the venue's limit", median: limit } });
  }
  return figures;
}

type MeasuredScheduler = AsyncDisposable & {
  /** Resolves when a run of the job has read this number of items. @throws {Error} No run did in time. */
  untilItems(job: string, items: number): Promise<void>;
  /** Seconds of the last run of each job, and the most memory so far. */
  figures(during: string, jobs: readonly string[]): Promise<Figure[]>;
};

async function measured(env: Record<string, string>): Promise<MeasuredScheduler> {
  const port = await freePort();
  const service = startService('scheduler', { ...env, HTTP_PORT: String(port) });
  let memoryMax = 0;
  const metrics = async (): Promise<string> => {
    // The connection is refused until the service listens.
    const response = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => null);
    const text = (await response?.text()) ?? '';
    memoryMax = Math.max(memoryMax, value(text, 'process_resident_memory_bytes') ?? 0);
    return text;
  };
  return {
    async untilItems(job, items) {
      const deadline = performance.now() + PATIENCE_MS;
      while (value(await metrics(), `polytape_scheduler_job_items{job="${job}"}`) !== items) {
        if (performance.now() > deadline) throw new Error(`no run of ${job} has read ${items}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
    async figures(during, jobs) {
      const text = await metrics();
      const took = jobs.map((job) => {
        const seconds = value(text, `polytape_scheduler_job_duration_seconds{job="${job}"}`) ?? Number.NaN;
        return figureOf(`${during}: ${job}`, 's', 'less', [seconds]);
      });
      return [...took, figureOf(`${during}: memory at most`, 'MiB', 'less', [memoryMax / 2 ** 20])];
    },
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

function value(text: string, sample: string): number | null {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${sample} `));
  return line === undefined ? null : Number(line.slice(sample.length + 1));
}

const MARKETS = 20_000;
const PATIENCE_MS = 300_000;
