import type { Bus, StreamState } from '@polytape/bus';
import { type Logger, rest } from '@polytape/service';
import type { MarketLog } from './market-log.ts';

export type MarketStreamWatchOptions = {
  bus: Pick<Bus, 'streamState'>;
  marketLog: Pick<MarketLog, 'publishAgain'>;
  intervalMs: number;
  log: Logger;
};

/**
 * Sees when the stream MARKETS loses what it had, by a hand that emptied it or a broker that lost its disk, and has it
 * written again while the leader still knows it: the next one would know nothing, and follow no market that has closed.
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
      // While it is missing, or NATS is away, there is nothing to compare.
      const now = await bus.streamState('MARKETS').catch(() => null);
      const loss = before === null || now === null ? null : marketStreamLoss(before, now);
      before = now ?? before;
      if (loss !== null) {
        log.error({ loss }, `The stream MARKETS lost documents: ${loss}. What is known of them is published again.`);
        await marketLog.publishAgain(signal);
        // Not before it is whole: what is lost while it is written is seen the next time.
        continue;
      }
      await rest(intervalMs, signal);
    }
  }
}

/**
 * What the stream MARKETS lost between two looks at it, in words; null when nothing. It keeps the last message of each
 * subject for ever, so it never has fewer of them than before.
 */
function marketStreamLoss(before: StreamState, now: StreamState): string | null {
  if (now.incarnation !== before.incarnation) return 'it was deleted and made anew';
  if (now.lastSequence < before.lastSequence)
    return `its last message is ${now.lastSequence}, and was ${before.lastSequence}`;
  return now.messages < before.messages ? `it holds ${now.messages} messages, and held ${before.messages}` : null;
}
