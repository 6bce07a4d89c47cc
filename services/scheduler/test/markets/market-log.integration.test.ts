import { setTimeout as delay } from 'node:timers/promises';
import type { Bus } from '@polytape/bus';
import { deleteStreams } from '@polytape/test-servers';
import { eventSubject, type Market, type MarketFact, type ResolutionStep, resolutionMessageId } from '@polytape/types';
import { describe, expect, test } from 'vitest';
import type { ResolutionObservation } from '../../src/resolutions/next-resolution.ts';
import { sampleMarket, settledMarket } from '../sample-market.ts';
import { logBed } from './log-bed.ts';

const NOON_MS = Date.UTC(2026, 7, 14, 12);
const DAY_MS = 24 * 60 * 60_000;

describe.concurrent('the market log', () => {
  test('publishes the history of a market to EVENTS and its last document to MARKETS', async () => {
    await using bed = await logBed();
    const { marketLog } = await bed.leader();
    await marketLog.publish([sampleMarket('0x1')], bed.signal);
    await marketLog.publish([sampleMarket('0x1')], bed.signal);
    await marketLog.publish([sampleMarket('0x1', { tickSize: '0.001' })], bed.signal);
    expect(await bed.stored<MarketFact>('EVENTS')).toMatchObject([
      { type: 'market_changed', conditionId: '0x1', changed: [], market: { version: 1, tickSize: '0.01' } },
      { type: 'market_changed', changed: ['tickSize'], market: { version: 2, tickSize: '0.001' } },
    ]);
    const documents = await bed.stored<Market>('MARKETS');
    expect(documents).toMatchObject([{ conditionId: '0x1', version: 2, tickSize: '0.001', resolution: null }]);
    expect(documents[0]).not.toHaveProperty('settlement');
  });

  test('publishes the steps of a resolution before the document that contains it', async () => {
    await using bed = await logBed();
    const { marketLog } = await bed.leader();
    await marketLog.publish([sampleMarket('0x1', { settlement: { umaResolutionStatus: 'proposed' } })], bed.signal);
    await marketLog.publish([settledMarket('0x1', ['0', '1'], NOON_MS)], bed.signal);
    expect(await factsIn(bed)).toEqual([
      'resolution_proposed 1',
      'market_changed 1',
      'resolution_resolved 2',
      'market_changed 2',
    ]);
    expect(await bed.stored('MARKETS')).toMatchObject([
      {
        ...{ version: 2, closed: true },
        resolution: {
          ...{ state: 'resolved', step: 2, method: 'gamma', exchangeAtMs: NOON_MS },
          settlement: { outcome: 'win1', winningTokenId: '12', payouts: ['0', '1'] },
        },
      },
    ]);
  });

  test('sends no document before its history is stored, even if EVENTS is away for a while', async () => {
    await using bed = await logBed();
    const { marketLog } = await bed.leader();
    await deleteStreams(bed.url, ['EVENTS']); // created again within seconds
    await marketLog.publish([sampleMarket('0x1')], bed.signal);
    const [history, document] = await Promise.all([bed.bus.messageAt('EVENTS', 1), bed.bus.messageAt('MARKETS', 1)]);
    expect(history?.subject).toBe('pm.event.0x1.market_changed');
    expect(document?.storedAtMs).toBeGreaterThanOrEqual(history?.storedAtMs ?? Number.POSITIVE_INFINITY);
  });

  test('waits for an acknowledgement only as long as its caller, and publishes the document later', async () => {
    await using bed = await logBed();
    const { marketLog } = await bed.leader();
    await bed.acknowledges('EVENTS', false);
    const late = marketLog.publish([sampleMarket('0x1')], AbortSignal.timeout(200));
    await expect(late).rejects.toThrow(/timeout/);
    await bed.acknowledges('EVENTS', true);
    await marketLog.publish([sampleMarket('0x1')], bed.signal);
    expect(await bed.stored<Market>('MARKETS')).toMatchObject([{ conditionId: '0x1' }]);
  });

  test('keeps the order of its calls when one of them gives up waiting', async () => {
    await using bed = await logBed();
    const { marketLog, publishers } = await bed.leader();
    await bed.acknowledges('EVENTS', false);
    const first = marketLog.publish([sampleMarket('0x1')], bed.signal);
    await expect(marketLog.publish([sampleMarket('0x2')], AbortSignal.timeout(50))).rejects.toThrow(/timeout/);
    const third = marketLog.publish([sampleMarket('0x3')], bed.signal);
    await marketLog.publish([], AbortSignal.timeout(50)).catch(() => {}); // gives the third call time to overtake
    expect(publishers.facts.stats().unacknowledged).toBe(1);
    await bed.acknowledges('EVENTS', true);
    await Promise.all([first, third]);
    expect(await bed.stored<Market>('MARKETS')).toMatchObject([{ conditionId: '0x1' }, { conditionId: '0x3' }]);
  });

  test('publishes steps from other sources, but none for unknown markets', async () => {
    await using bed = await logBed();
    const { marketLog } = await bed.leader();
    await marketLog.publish([sampleMarket('0x1', { closed: true })], bed.signal);
    await marketLog.publishObservations([paid('0x1', ['0.5', '0.5']), paid('0x2', ['1', '0'])], bed.signal);
    expect(await bed.stored('MARKETS')).toMatchObject([
      { conditionId: '0x1', version: 2, resolution: { method: 'data_api', settlement: { outcome: 'split' } } },
    ]);
  });

  test('publishes a reopening when a closed market trades again', async () => {
    await using bed = await logBed();
    const { marketLog } = await bed.leader();
    await marketLog.publish([settledMarket('0x1', ['1', '0'], 5_000)], bed.signal);
    await marketLog.publish([sampleMarket('0x1')], bed.signal);
    await marketLog.publish([sampleMarket('0x1')], bed.signal);
    expect(await factsIn(bed)).toEqual([
      'resolution_resolved 1',
      'market_changed 1',
      'resolution_reopened 2',
      'market_changed 2',
    ]);
  });

  test('does not accept from a list alone that a closed market trades again', async () => {
    await using bed = await logBed();
    const asked: string[][] = [];
    const gamma = {
      openMarketsOf: async (ids: readonly string[]) => {
        asked.push([...ids]);
        return [];
      },
    };
    const { marketLog } = await bed.leader({ gamma });
    await marketLog.publish([sampleMarket('0x1', { closed: true }), sampleMarket('0x2')], bed.signal);
    await marketLog.publish([sampleMarket('0x1'), sampleMarket('0x2', { tickSize: '0.001' })], bed.signal);
    expect(asked).toEqual([['0x1']]);
    expect(await factsIn(bed)).toEqual(['market_changed 1', 'market_changed 1', 'market_changed 2']);
    expect(await bed.stored('MARKETS')).toMatchObject([{ closed: true }, { conditionId: '0x2', tickSize: '0.001' }]);
  });

  test('ignores a closing read before the market reopened', async () => {
    await using bed = await logBed();
    const { marketLog } = await bed.leader();
    await marketLog.publish([sampleMarket('0x1', { closed: true })], bed.signal);
    const late = sampleMarket('0x1', { closed: true });
    await delay(2);
    await marketLog.publish([sampleMarket('0x1')], bed.signal);
    await marketLog.publish([late], bed.signal);
    expect(await factsIn(bed)).toEqual(['market_changed 1', 'resolution_reopened 1', 'market_changed 2']);
  });

  test('does not count a document that NATS rejects as published, and publishes it again', async () => {
    await using bed = await logBed();
    const { marketLog, counters, publisher } = await bed.leader();
    await marketLog.publish([sampleMarket('0x1', { question: '?'.repeat(9 * 1_024 * 1_024) })], bed.signal);
    expect(counters.marketsPublished).toBe(0);
    const before = publisher.stats().rejected;
    await marketLog.publish([sampleMarket('0x1', { question: '?'.repeat(9 * 1_024 * 1_024) })], bed.signal);
    expect(publisher.stats().rejected).toBeGreaterThan(before);
    await marketLog.publish([sampleMarket('0x1')], bed.signal);
    await marketLog.publish([sampleMarket('0x1')], bed.signal);
    expect(counters.marketsPublished).toBe(1);
    expect(await bed.stored('MARKETS')).toMatchObject([{ question: 'Will it rain?', version: 3 }]);
  });

  test('of a new leader continues the versions and steps of the last one, and repeats nothing', async () => {
    await using bed = await logBed();
    const first = await bed.leader();
    await first.marketLog.publish(
      [sampleMarket('0x1', { settlement: { umaResolutionStatus: 'disputed' } })],
      bed.signal,
    );
    const second = await bed.leader();
    await second.marketLog.publish(
      [sampleMarket('0x1', { settlement: { umaResolutionStatus: 'disputed' } })],
      bed.signal,
    );
    expect(second.counters.marketsPublished).toBe(0);
    await second.marketLog.publish([settledMarket('0x1', ['1', '0'], 5_000)], bed.signal);
    expect((await factsIn(bed)).slice(2)).toEqual(['resolution_resolved 2', 'market_changed 2']);
  });

  test('continues where a leader died between a step and its document', async () => {
    await using bed = await logBed();
    const undisturbed = await bed.leader();
    await undisturbed.marketLog.publish([sampleMarket('0x1', { closed: true })], bed.signal);
    // The leader dies when EVENTS has everything, before it can send the document.
    const dying = await bed.leader();
    const { throwIfOver } = dying.term;
    dying.term.throwIfOver = () => {
      if (dying.counters.resolutionSteps > 0) dying.term.end('it was killed by the test');
      throwIfOver.call(dying.term);
    };
    const publishing = dying.marketLog.publish([settledMarket('0x1', ['1', '0'], 5_000)], bed.signal);
    await expect(publishing).rejects.toThrow('killed by the test');
    expect(await bed.stored('MARKETS')).toMatchObject([{ version: 1, resolution: null }]);

    const next = await bed.leader();
    await next.marketLog.publish([settledMarket('0x1', ['1', '0'], 5_000)], bed.signal);
    expect(await steps(bed)).toEqual(['resolution_resolved 1 win0']);
    expect(await bed.stored('MARKETS')).toMatchObject([
      { version: 2, resolution: { step: 1, settlement: { outcome: 'win0' } } },
    ]);
  });

  test('continues from a step without a document, even if another source disagrees by then', async () => {
    await using bed = await logBed();
    await (await bed.leader()).marketLog.publish([sampleMarket('0x1', { closed: true })], bed.signal);
    const orphan: ResolutionStep = {
      ...{ type: 'resolution_resolved', conditionId: '0x1', step: 1, method: 'gamma', exchangeAtMs: 1 },
      seenAtMs: Date.now(),
      ...{ settlement: { outcome: 'win0', winningTokenId: '11', payouts: ['1', '0'] }, evidence: {} },
    };
    await using publisher = bed.bus.publisher({ unacknowledgedMax: 1, queueMax: 1 });
    publisher.publish({
      ...{ subject: eventSubject(orphan), messageId: resolutionMessageId(orphan), body: JSON.stringify(orphan) },
    });
    await publisher.acknowledged();

    const next = await bed.leader();
    await next.marketLog.publishObservations([paid('0x1', ['0.5', '0.5'])], bed.signal);
    expect(await steps(bed)).toEqual(['resolution_resolved 1 win0', 'resolution_resolved 2 split']);
    expect(await bed.stored('MARKETS')).toMatchObject([{ resolution: { step: 2, settlement: { outcome: 'split' } } }]);
  });

  test('archives settled markets, and reads them from the log again when there is news', async () => {
    await using bed = await logBed();
    const first = await bed.leader();
    const settled = settledMarket('0x1', ['1', '0'], 5_000);
    await first.marketLog.publish([sampleMarket('0x1', { closed: true, closedAtMs: 5_000 })], bed.signal);
    await first.marketLog.publishObservations(
      [{ ...paid('0x1', ['1', '0']), seenAtMs: Date.now() - 2 * DAY_MS }],
      bed.signal,
    );

    const next = await bed.leader();
    expect(next.registry.get('0x1')).toBeNull();
    await next.marketLog.publish([settled], bed.signal);
    await next.marketLog.publishObservations([paid('0x1', ['1', '0'])], bed.signal);
    expect(next.counters.marketsPublished).toBe(0);
    expect(next.registry.get('0x1')).toBeNull(); // archived again

    await next.marketLog.publish([sampleMarket('0x1')], bed.signal);
    await next.marketLog.publish([settledMarket('0x1', ['0', '1'], 9_000)], bed.signal);
    expect(await steps(bed)).toEqual([
      'resolution_resolved 1 win0',
      'resolution_reopened 2 null',
      'resolution_resolved 3 win1',
    ]);
    expect(await bed.stored('MARKETS')).toMatchObject([{ version: 4, resolution: { step: 3 } }]);
  });

  test('handles concurrent calls one after the other, even if the first one has to wait', async () => {
    await using bed = await logBed();
    const first = await bed.leader();
    await first.marketLog.publish([sampleMarket('0x1', { closed: true })], bed.signal);
    await first.marketLog.publishObservations([paid('0x1', ['1', '0'])], bed.signal);
    let isFirst = true;
    const slow: Pick<Bus, 'lastMessageOn'> = {
      lastMessageOn: async (stream, subject) => {
        const stored = await bed.bus.lastMessageOn(stream, subject);
        const wait = isFirst;
        isFirst = false;
        if (wait) await Promise.race([second, delay(300)]);
        return stored;
      },
    };
    const questions = ['Will it snow?', 'Will it hail?'];
    const gamma = { openMarketsOf: async () => [sampleMarket('0x1', { question: questions.shift() ?? '' })] };
    const { marketLog } = await bed.leader({ bus: slow, gamma });
    const publishing = marketLog.publish([sampleMarket('0x1')], bed.signal);
    const second = marketLog.publish([sampleMarket('0x1')], bed.signal);
    await Promise.all([publishing, second]);
    expect((await factsIn(bed)).slice(-3)).toEqual(['resolution_reopened 2', 'market_changed 3', 'market_changed 4']);
    expect(await bed.stored('MARKETS')).toMatchObject([{ version: 4, question: 'Will it hail?' }]);
  });
});

type Bed = Awaited<ReturnType<typeof logBed>>;

async function factsIn(bed: Bed): Promise<string[]> {
  const facts = await bed.stored<MarketFact>('EVENTS');
  return facts.map((fact) => {
    if (fact.type === 'market_changed') return `market_changed ${fact.market.version}`;
    return 'step' in fact ? `${fact.type} ${fact.step}` : fact.type;
  });
}

async function steps(bed: Bed): Promise<string[]> {
  const facts = await bed.stored<MarketFact>('EVENTS');
  return facts.flatMap((fact) =>
    'step' in fact ? `${fact.type} ${fact.step} ${fact.settlement?.outcome ?? null}` : [],
  );
}

/** The Data API's observation of a market that paid out like this. */
function paid(conditionId: string, payouts: [string, string]): ResolutionObservation {
  const number = conditionId.slice(2);
  const outcome = payouts[0] === '1' ? 'win0' : payouts[1] === '1' ? 'win1' : 'split';
  const winningTokenId = outcome === 'split' ? null : `${number}${outcome === 'win0' ? 1 : 2}`;
  return {
    ...{ conditionId, method: 'data_api', state: 'resolved', exchangeAtMs: 4_000, seenAtMs: Date.now(), evidence: {} },
    settlement: { outcome, winningTokenId, payouts },
  };
}
