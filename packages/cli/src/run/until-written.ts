import { setTimeout as delay } from 'node:timers/promises';
import { Bus } from '@polytape/bus';
import { silentLog } from '@polytape/resilience';
import type { Database } from '@polytape/tapedb';
import { gatherStatus } from '../operator/gather-status.ts';
import { shownCount } from '../operator/shown-value.ts';
import { ingestorsOf, writersOf } from '../operator/status-report.ts';
import type { SimulatedVenue } from './simulated-venue.ts';

/**
 * Waits until the database holds as many trades as the venue executed. Gives up when their number has not grown for 10 s,
 * or for a minute if services still hold trades.
 *
 * @param o.signal Ends the wait when it aborts. Ignored if it had aborted before.
 * @returns Number of trades that services still hold; 0 once everything is written.
 */
export async function untilWritten(o: {
  venue: SimulatedVenue;
  database: Database;
  natsUrl: string;
  say: (sentence: string) => void;
  signal: AbortSignal;
}): Promise<number> {
  const { subscribed: executed } = await o.venue.counts();
  const mayBeCut = !o.signal.aborted;
  let recorded = -1;
  let grewAtMs = performance.now();
  let nextWordAtMs = grewAtMs + WORD_INTERVAL_MS;
  for (;;) {
    const count = await o.database.tradeCount();
    if (count >= executed) return 0;
    const nowMs = performance.now();
    if (count > recorded) grewAtMs = nowMs;
    recorded = count;
    const stillMs = nowMs - grewAtMs;
    const isCut = mayBeCut && o.signal.aborted;
    if (isCut || stillMs > STILLNESS_MS) {
      const inHand = await tradesInHand(o.natsUrl);
      if (isCut || inHand === 0 || stillMs > PATIENCE_MS) return inHand;
    }
    if (nowMs >= nextWordAtMs) {
      nextWordAtMs = nowMs + WORD_INTERVAL_MS;
      const standstill = stillMs < WORD_INTERVAL_MS ? '' : `, no progress for ${Math.round(stillMs / 1_000)} s`;
      o.say(
        `Behind by ${shownCount(executed - count)} trades${standstill}. Waiting${mayBeCut ? '; press Ctrl-C to compare now' : ''}.`,
      );
    }
    await delay(COUNT_INTERVAL_MS);
  }
}

/** Trades that JetStream has not acknowledged, and trades that the database lacks. 0 if no service answers. */
async function tradesInHand(natsUrl: string): Promise<number> {
  const signal = AbortSignal.timeout(ANSWER_MS_MAX);
  try {
    await using bus = await Bus.connect({ url: natsUrl, name: 'polytape demo', log: silentLog, signal });
    const report = await gatherStatus(bus, signal);
    const behind = writersOf(report).flatMap(({ streams }) => streams.filter(({ stream }) => stream === 'TRADES'));
    return [...ingestorsOf(report).map(({ queued }) => queued), ...behind.map((stream) => stream.behind ?? 0)].reduce(
      (sum, number) => sum + number,
      0,
    );
  } catch {
    return 0; // NATS is down, which the screen shows
  }
}

const COUNT_INTERVAL_MS = 50;
/** Longer than the restart of a service. */
const STILLNESS_MS = 10_000;
const PATIENCE_MS = 60_000;
const WORD_INTERVAL_MS = 5_000;
const ANSWER_MS_MAX = 10_000;
