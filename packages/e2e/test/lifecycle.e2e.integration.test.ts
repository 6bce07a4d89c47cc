import { describe, expect, test } from 'vitest';
import { recordYoungMarkets, type ServiceUnderTest, TestBed, until } from '../src/index.ts';

/** Prevents scans from finding a market after the first one. */
const SELDOM = { DISCOVERY_INTERVAL_MS: '3600000', DISCOVERY_SCAN_INTERVAL_MS: '3600000' };

describe('a market that opens while the recorder runs', () => {
  test('is recorded within 5 s of its event, and its tokens leave when it is resolved, without any scan', async () => {
    await using bed = await TestBed.open({
      ...{ markets: 20, tradesPerSecond: 0, openPerMinute: 0, closePerMinute: 0 },
    });
    // The shards are full to their target: the new market gets a place above it.
    const scheduler = await bed.start('scheduler', { SHARD_TOKENS_TARGET: '10', ...SELDOM });
    const both = { REDUNDANCY: '2' }; // each of the two records every shard
    const ingestors = [await bed.start('ws-ingestor', both), await bed.start('ws-ingestor', both)];
    for (const ingestor of ingestors) await bed.covered(ingestor, scheduler);
    expect(await tokens(scheduler)).toBe(40);
    expect(bed.venue.status().sockets.filter(({ flagged }) => flagged)).toHaveLength(2 * ingestors.length);

    const [opened] = bed.venue.openMarkets(1);
    for (const ingestor of ingestors) {
      await until('the new tokens covered', async () => (await covered(ingestor)) === 42, { withinMs: 5_000 });
    }
    const [tokenId] = opened?.tokenIds ?? [];
    expect(bed.venue.trade({ tokenId: tokenId ?? '' })).toMatchObject({ subscribed: true });

    bed.venue.closeMarket(opened?.conditionId ?? '');
    await until('the tokens left the plan', async () => (await tokens(scheduler)) === 40, { withinMs: 5_000 });
    for (const ingestor of ingestors) await ingestor.untilMetric('polytape_ingestor_tokens', (wanted) => wanted === 40);
    expect(await scheduler.metric('polytape_scheduler_scans_total')).toBe(1);

    // Four connections received each of the two events; the log has each once.
    for (const ingestor of ingestors) {
      await ingestor.untilMetric('polytape_ingestor_lifecycle_events_total', (events) => events === 4);
    }
    expect(await lifecycleEvents(bed)).toEqual(['new_market', 'market_resolved']);
  }, 120_000);

  test('is recorded without a gap from 1 s after its event, though Gamma lists it up to 5 s late', async () => {
    await recordYoungMarkets({ markets: 10, gammaLagMs: 5_000 });
  }, 120_000);

  test('is found by scans alone if no connection receives its event', async () => {
    await using bed = await TestBed.open({
      ...{ markets: 5, tradesPerSecond: 0, openPerMinute: 0, closePerMinute: 0 },
    });
    const scheduler = await bed.start('scheduler');
    const ingestor = await bed.start('ws-ingestor', { LIFECYCLE_SHARDS: '0' });
    await bed.covered(ingestor, scheduler);
    bed.venue.openMarkets(1);
    await ingestor.untilMetric('polytape_ingestor_tokens_covered', (count) => count === 12);
    expect(await lifecycleEvents(bed)).toEqual([]);
  });

  test('is announced on other shards when the plan loses those that received events before', async () => {
    await using bed = await TestBed.open({
      ...{ markets: 8, tradesPerSecond: 0, openPerMinute: 0, closePerMinute: 0 },
    });
    const scheduler = await bed.start('scheduler', { SHARD_TOKENS_TARGET: '4', ...SELDOM });
    const ingestor = await bed.start('ws-ingestor');
    await bed.covered(ingestor, scheduler);
    // The two lowest shards hold the four oldest markets.
    for (const { conditionId } of bed.venue.openMarketList().slice(0, 4)) bed.venue.closeMarket(conditionId);
    await ingestor.untilMetric('polytape_ingestor_tokens', (wanted) => wanted === 8);
    await until('the other two connections flagged', () => {
      const flagged = bed.venue.status().sockets.filter((socket) => socket.flagged);
      return flagged.length === 2 && flagged.every((socket) => socket.tokens === 4);
    });
    bed.venue.openMarkets(1);
    await ingestor.untilMetric('polytape_ingestor_tokens_covered', (count) => count === 10);
  });
});

async function tokens(scheduler: ServiceUnderTest): Promise<number | null> {
  return await scheduler.metric('polytape_scheduler_tokens');
}

async function covered(ingestor: ServiceUnderTest): Promise<number | null> {
  return await ingestor.metric('polytape_ingestor_tokens_covered');
}

/** Lifecycle events of the connections in the log, without the scheduler's own. */
async function lifecycleEvents(bed: TestBed): Promise<string[]> {
  const { lastSequence } = await bed.bus.streamState('EVENTS');
  const types: string[] = [];
  if (lastSequence === 0) return types;
  const limits = { rowsMax: 1_000, ageMsMax: 50, signal: AbortSignal.timeout(10_000) };
  for await (const { messages } of bed.bus.readBatches('EVENTS', null, limits)) {
    for (const { subject } of messages) types.push(subject.split('.').at(-1) ?? '');
    if ((messages.at(-1)?.sequence ?? 0) >= lastSequence) break;
  }
  return types.filter((type) => type === 'new_market' || type === 'market_resolved');
}
