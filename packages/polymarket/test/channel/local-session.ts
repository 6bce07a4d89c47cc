import { onTestFinished } from 'vitest';
import { MarketSession, type MarketSessionOptions } from '../../src/channel/market-session.ts';
import { RecordingHandler, RecordingLog } from '../recording.ts';
import { LocalVenue } from './local-venue.ts';

/** Scaled-down timings. */
const QUICK = { pingIntervalMs: 20, backoffMsMin: 10, backoffMsMax: 40, closeTimeoutMs: 200 };

/** Token ids that a session accepts. */
export const tokens = (count: number, from = 1) => Array.from({ length: count }, (_, index) => String(from + index));

/** A venue on loopback that ends with the test. */
export async function aVenue(): Promise<LocalVenue> {
  const venue = await LocalVenue.start();
  onTestFinished(() => venue[Symbol.asyncDispose]());
  return venue;
}

/** A session that ends with the test, with its recorded handler calls and log. */
export function aSession(url: string, options: Partial<MarketSessionOptions> = {}) {
  const handler = new RecordingHandler();
  const log = new RecordingLog();
  const session = new MarketSession({ url, tokenIds: ['11', '22'], handler, log, ...QUICK, ...options });
  onTestFinished(() => session[Symbol.asyncDispose]());
  return { session, handler, log };
}
