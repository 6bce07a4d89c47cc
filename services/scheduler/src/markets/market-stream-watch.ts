import type { Bus, StreamState } from '@polytape/bus';
import { rest } from '@polytape/resilience';
import type { Logger } from '@polytape/service';
import type { MarketLog } from './market-log.ts';

export type MarketStreamWatchOptions = {
  bus: Pick<Bus, 'streamState'>;
  marketLog: Pick<MarketLog, 'publishAgain'>;
  intervalMs: number;
  log: Logger;
};

/**
 * Notices when the stream MARKETS loses documents, because somebody emptied it or the broker lost its disk, and has the
 * leader publish them again while it still knows them. The next leader would know nothing, and would not follow closed
 * markets to their resolution.
 */
export class MarketStreamWatch {
  readonly #o: MarketStreamWatchOptions;

  constructor(options: MarketStreamWatchOptions) {
    this.#o = options;
  }

  /** Watches until `signal` aborts. @throws as `MarketLog.publish`. */
  async run(signal: AbortSignal): Promise<void> {
    const { bus, marketLog, intervalMs, log } = this.#o;
    let before: StreamState | null = null;
    while (!signal.aborted) {
      // There is nothing to compare while the stream is missing or NATS is away.
      const now = await bus.streamState('MARKETS').catch(() => null);
      const loss = before === null || now === null ? null : marketStreamLoss(before, now);
      before = now ?? before;
      if (loss !== null) {
        log.error({ loss }, `The stream MARKETS lost documents: ${loss}. Publishing all known documents again.`);
        await marketLog.publishAgain(signal);
        // Look again at once: documents that were lost meanwhile count as well.
        continue;
      }
      await rest(intervalMs, signal);
    }
  }
}

/**
 * What the stream MARKETS lost between two looks, in words; null when it lost nothing. It keeps the last message of each
 * subject forever, so the number of messages never falls.
 */
function marketStreamLoss(before: StreamState, now: StreamState): string | null {
  if (now.streamCreatedAt !== before.streamCreatedAt) return 'it was deleted and created again';
  if (now.lastSequence < before.lastSequence)
    return `its last sequence fell from ${before.lastSequence} to ${now.lastSequence}`;
  return now.messages < before.messages ? `it fell from ${before.messages} to ${now.messages} messages` : null;
}
