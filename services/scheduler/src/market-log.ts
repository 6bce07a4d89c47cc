import type { Bus, Publisher } from '@polytape/bus';
import type { GammaMarket } from '@polytape/polymarket';
import type { Logger } from '@polytape/service';
import { type Market, marketSubject } from '@polytape/types';
import type { LeaderTerm } from './leader-term.ts';
import type { MarketRegistry } from './market-registry.ts';
import type { SchedulerCounters } from './scheduler-counters.ts';
import { unlessAborted } from './unless-aborted.ts';

/** The stream MARKETS as the leader keeps it: read once into the registry, then written whenever a document changes. */
export class MarketLog {
  readonly #o: {
    bus: Bus;
    registry: MarketRegistry;
    publisher: Publisher;
    term: LeaderTerm;
    counters: SchedulerCounters;
    log: Logger;
  };

  constructor(options: {
    bus: Bus;
    registry: MarketRegistry;
    publisher: Publisher;
    term: LeaderTerm;
    counters: SchedulerCounters;
    log: Logger;
  }) {
    this.#o = options;
  }

  /** What earlier leaders have published: the versions go on from there, and nothing is published twice. */
  async remember(): Promise<void> {
    const { bus, registry, term, log } = this.#o;
    const { lastSequence } = await bus.streamState('MARKETS');
    if (lastSequence === 0) return;
    const limits = { rowsMax: 1_000, ageMsMax: 50, signal: term.signal };
    for await (const { messages } of bus.readBatches('MARKETS', null, limits)) {
      for (const { body } of messages) registry.remember(JSON.parse(Buffer.from(body).toString()) as Market);
      if ((messages.at(-1)?.sequence ?? 0) >= lastSequence) break;
    }
    term.throwIfOver();
    log.info({ markets: registry.size }, `Remembered ${registry.size} markets from the log.`);
  }

  /** Publishes what is new of these markets, and waits until the log has it. @throws {TermOverError} */
  async publish(markets: readonly GammaMarket[]): Promise<void> {
    const { registry, publisher, counters, term } = this.#o;
    for (const description of markets) {
      term.throwIfOver();
      const market = registry.observe(description, Date.now());
      if (market === null) continue;
      counters.marketsPublished += 1;
      publisher.publish({
        subject: marketSubject(market.conditionId),
        messageId: `${market.conditionId}:${market.version}`,
        body: JSON.stringify(market),
      });
    }
    await unlessAborted(publisher.idle(), term.signal);
  }
}
