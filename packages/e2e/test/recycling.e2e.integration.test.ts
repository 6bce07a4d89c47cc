import { setTimeout as delay } from 'node:timers/promises';
import type { VenueSim } from '@polytape/venue-sim';
import { describe, expect, test } from 'vitest';
import { Fleet, STEADY_VENUE, servedTokens, TestBed, until } from '../src/index.ts';

describe('a connection that 30 % of its tokens have left', () => {
  test('is replaced once it is old enough, only once, and nothing is missing', async () => {
    await using bed = await TestBed.open({ ...STEADY_VENUE, oddMarkets: 0, markets: 80, tradesPerSecond: 200 });
    const { scheduler, ingestor } = await bed.startRecorder({
      scheduler: { SHARD_TOKENS_TARGET: '80' },
      ingestor: { RECYCLE_AGE_MS_MIN: String(AGE_MS_MIN), OVERLAP_MS: '1000' },
    });
    const { sockets } = bed.venue.status();
    expect(sockets).toHaveLength(2);
    bed.venue.startTrading();
    await bed.recorded(200);

    const fleet = new Fleet(bed.bus);
    close(bed.venue, { markets: 12, of: await fleet.tokensOf([0]) });
    close(bed.venue, { markets: 11, of: await fleet.tokensOf([1]) }); // 27.5 %
    await scheduler.untilMetric('polytape_scheduler_tokens', (tokens) => tokens === 160 - 46);
    // Both are open during the overlap.
    const successor = await until('a third connection', () => bed.venue.status().sockets[2]);
    await until('the old one closed', () => bed.venue.status().sockets.length === 2);
    expect(bed.venue.status().sockets[1]).toMatchObject({ number: 3, tokens: 56, served: 56 });
    const ages = sockets.map(({ connectedAtMs }) => successor.connectedAtMs - connectedAtMs);
    expect(Math.max(...ages)).toBeGreaterThanOrEqual(AGE_MS_MIN);

    // By then the successor would have been replaced, too, if tokens had left it.
    await delay(successor.connectedAtMs + AGE_MS_MIN + 2_000 - Date.now());
    expect(bed.venue.status().socketsConnected).toBe(3);
    await bed.drained(ingestor);
    expect(await bed.outcome()).toEqual({ missing: 0, duplicates: 0 });
  }, 90_000);
});

describe('a venue that serves fewer tokens on a connection than a shard has', () => {
  test('is detected by missing books and gets smaller shards, until every token is covered', async () => {
    await using bed = await TestBed.open({
      ...STEADY_VENUE,
      oddMarkets: 0,
      markets: 80,
      tradesPerSecond: 100,
      booksPerSocketMax: 30,
    });
    const { ingestor } = await bed.startRecorder({
      scheduler: { SHARD_TOKENS_TARGET: '40', SHARD_OPEN_AT_TOKENS: '20' },
      ingestor: IMPATIENT,
    });
    bed.venue.startTrading();
    await until(
      'every token served, and no unserved token on a connection',
      () => {
        const { sockets } = bed.venue.status();
        return servedTokens(bed.venue) === 160 && sockets.every(({ tokens, served }) => tokens === served);
      },
      { seen: () => JSON.stringify(bed.venue.status().sockets) },
    );
    const plan = [...(await new Fleet(bed.bus).plan()).values()];
    console.info(`160 tokens are in shards of ${plan.map(({ tokens }) => tokens.length).join(', ')}.`);
    expect(Math.max(...plan.map(({ tokens }) => tokens.length))).toBe(30);
    expect(plan.filter(({ tokensTarget }) => tokensTarget === 30).length).toBeGreaterThanOrEqual(4);

    for (const { tokenIds } of bed.venue.openMarketList()) for (const tokenId of tokenIds) bed.venue.trade({ tokenId });
    await bed.recorded(200);
    await bed.drained(ingestor);
    expect(bed.sentToNobody).toEqual([]);
    expect(await bed.outcome()).toEqual({ missing: 0, duplicates: 0 });
  }, 120_000);
});

describe('a venue that does not free the places of tokens that left a connection', () => {
  test('sends the books of new tokens on a fresh connection', async () => {
    await using bed = await TestBed.open({
      ...{ ...STEADY_VENUE, oddMarkets: 0, markets: 20, tradesPerSecond: 100 },
      ...{ booksPerSocketMax: 40, freesUnsubscribed: false },
    });
    const { scheduler, ingestor } = await bed.startRecorder({
      scheduler: { SHARD_TOKENS_TARGET: '40' },
      ingestor: IMPATIENT,
    });
    bed.venue.startTrading();
    const fleet = new Fleet(bed.bus);
    close(bed.venue, { markets: 3, of: await fleet.tokensOf([0]) });
    await scheduler.untilMetric('polytape_scheduler_tokens', (tokens) => tokens === 34);
    bed.venue.openMarkets(3);
    await until('a second connection that serves all', () => {
      const { socketsConnected, sockets } = bed.venue.status();
      return socketsConnected === 2 && sockets.length === 1 && sockets[0]?.served === 40;
    });
    // The limit per connection has not changed: the shard keeps its size.
    const plan = [...(await fleet.plan()).values()];
    expect(plan.map(({ tokens, tokensTarget }) => [tokens.length, tokensTarget])).toEqual([[40, undefined]]);
    await bed.recorded(300);
    await bed.drained(ingestor);
    expect(await bed.outcome()).toEqual({ missing: 0, duplicates: 0 });
  }, 90_000);
});

const AGE_MS_MIN = 4_000;
const IMPATIENT = { FIRST_BOOK_TIMEOUT_MS: '1000', OVERLAP_MS: '1000' };

/** Closes this number of the markets that have these tokens. */
function close(venue: VenueSim, { markets, of }: { markets: number; of: ReadonlySet<string> }): void {
  const among = venue.openMarketList().filter(({ tokenIds }) => of.has(tokenIds[0]));
  for (const { conditionId } of among.slice(0, markets)) venue.closeMarket(conditionId);
}
