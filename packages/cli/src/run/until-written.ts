import { setTimeout as delay } from 'node:timers/promises';
import { Bus } from '@polytape/bus';
import type { Database } from '@polytape/tapedb';
import { silentLog } from '@polytape/types';
import { gatherStatus } from '../operator/gather-status.ts';
import { shownCount } from '../operator/shown-value.ts';
import { ingestorsOf, writersOf } from '../operator/status-report.ts';
import type { SimulatedVenue } from './simulated-venue.ts';

/**
 * Waits until the database holds as many trades as the venue executed. While their number grows it waits as long as that
 * takes; when it stands still, for 10 s, or for a minute while services have trades in hand.
 *
 * @param o.signal Ends the waiting when it aborts meanwhile. One that has aborted before says nothing.
 * @returns Trades that services still have in hand; 0 when all is written, and when they have none.
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
        `Behind by ${shownCount(executed - count)} trades${standstill}. Waiting${mayBeCut ? '; Ctrl-C compares now' : ''}.`,
      );
    }
    await delay(COUNT_INTERVAL_MS);
  }
}

/** As the services say: not acknowledged by JetStream yet, or there and not in the database. 0 where nobody answers. */
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
    return 0; // NATS is away: the run's troubles have said so
  }
}

const COUNT_INTERVAL_MS = 50;
/** Longer than any restart of a service in between. */
const STILLNESS_MS = 10_000;
const PATIENCE_MS = 60_000;
const WORD_INTERVAL_MS = 5_000;
const ANSWER_MS_MAX = 10_000;
