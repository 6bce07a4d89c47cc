import type { TruthTrade } from '@polytape/venue-sim';
import { expect } from 'vitest';
import { TestBed } from '../test-bed.ts';
import { until } from '../until.ts';

/**
 * Opens this number of markets, which trade at once, while Gamma lists them late. Expects that every trade reaches a connection
 * from 1 s after the market's event on, and gets its question once Gamma has it. Prints the counts.
 */
export async function recordYoungMarkets(o: { markets: number; gammaLagMs: number }): Promise<void> {
  const busy = { tradesPerSecond: 150, openPerMinute: 180, closePerMinute: 0 };
  await using bed = await TestBed.open({ markets: 20, gammaLagMs: o.gammaLagMs, ...busy });
  const { ingestor } = await bed.startRecorder({ scheduler: { SHARD_TOKENS_TARGET: '50' } });
  bed.venue.startTrading();
  await until(`${o.markets} markets opened`, () => bed.venue.status().markets.open >= 20 + o.markets);
  await bed.drained(ingestor);
  await bed.stored('EVENTS');

  const announced = await bed.probe.rows<{ conditionId: string; atMs: number }>(
    `SELECT condition_id AS "conditionId", extract(epoch FROM ts)::float8 * 1000 AS "atMs"
     FROM venue_events WHERE type = 'new_market'`,
  );
  expect(announced.length).toBeGreaterThanOrEqual(o.markets);
  const openedAtMs = new Map(announced.map(({ conditionId, atMs }) => [conditionId, atMs]));
  const ageOf = ({ conditionId, timestamp }: TruthTrade) => Number(timestamp) - (openedAtMs.get(conditionId) ?? 0);
  const young = bed.venue.ledger().filter(({ conditionId }) => openedAtMs.has(conditionId));
  const unheardAgesMs = young.filter(({ sockets }) => sockets === 0).map(ageOf);
  console.log(
    `young markets: ${young.length} trades, ${unheardAgesMs.length} of them reached nobody, the last one ${Math.max(0, ...unheardAgesMs)} ms after its market's event`,
  );
  expect(unheardAgesMs.filter((ageMs) => ageMs > HEARD_AFTER_MS)).toEqual([]);
  expect(await bed.compare()).toMatchObject({ missing: [], duplicates: 0 });

  const nameless = `SELECT count(*)::int AS trades FROM trade_tape WHERE question IS NULL OR outcome IS NULL`;
  await until('every trade with its question', async () => (await bed.probe.rows(nameless))[0]?.trades === 0);
}

/** Time limit for recording a new market. */
const HEARD_AFTER_MS = 1_000;
