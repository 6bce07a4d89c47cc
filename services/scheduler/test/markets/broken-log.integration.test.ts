import type { Market, MarketFact } from '@polytape/types';
import { describe, expect, test } from 'vitest';
import { MarketStreamWatch } from '../../src/markets/market-stream-watch.ts';
import { sampleMarket, settledMarket } from '../sample-market.ts';
import { logBed } from './log-bed.ts';

const DAY_MS = 24 * 60 * 60_000;

describe.concurrent('a leader', () => {
  test('skips a malformed document, logs it once and reads the others', async () => {
    await using bed = await logBed();
    const first = await bed.leader();
    await first.marketLog.publish([sampleMarket('0x1'), sampleMarket('0x2')], bed.signal);
    const [document] = await bed.stored<Market>('MARKETS');
    await bed.put([
      ['pm.market.0xa1', 'not json'],
      ['pm.market.0xa2', 'null'],
      ['pm.market.0xa3', '{}'],
      ['pm.market.0xa4', JSON.stringify({ ...document, conditionId: '0xa4', tokens: undefined })],
      ['pm.market.0xa5', JSON.stringify(document)],
    ]);
    const next = await bed.leader();
    expect([...next.registry.open()].map(({ conditionId }) => conditionId).sort()).toEqual(['0x1', '0x2']);
    expect(next.counters.messagesMalformed).toBe(5);
    expect(next.errors).toEqual([expect.stringMatching(/^Skipped message 3 of MARKETS on pm\.market\.0xa1: /)]);
  });

  test('reads a market from EVENTS if its document in MARKETS is malformed', async () => {
    await using bed = await logBed();
    const first = await bed.leader();
    await first.marketLog.publish([settledMarket('0x1', ['1', '0'], Date.now() - 2 * DAY_MS)], bed.signal);
    first.registry.archive('0x1');
    await bed.put([['pm.market.0x1', '{"conditionId":"0x1"}']]);
    await first.marketLog.publish([sampleMarket('0x1')], bed.signal);
    expect(await bed.stored('MARKETS')).toMatchObject([{ version: 2, closed: false, resolution: { step: 2 } }]);
  });

  test('skips a malformed step, and publishes the other markets of the page', async () => {
    await using bed = await logBed();
    await (await bed.leader()).marketLog.publish([sampleMarket('0x1'), sampleMarket('0x2')], bed.signal);
    await bed.put([
      ['pm.event.0x1.resolution_proposed', 'not json'],
      [
        'pm.event.0x1.resolution_disputed',
        JSON.stringify({ type: 'resolution_disputed', conditionId: '0x1', step: 2 ** 40 }),
      ],
      ['pm.event.0x2.resolution_proposed', 'null'],
    ]);
    const { marketLog, counters, errors } = await bed.leader();
    await marketLog.publish(
      [settledMarket('0x1', ['1', '0'], 5_000), settledMarket('0x2', ['0', '1'], 5_000)],
      bed.signal,
    );
    expect(await bed.stored('MARKETS')).toMatchObject([
      { conditionId: '0x1', resolution: { state: 'resolved', step: 1 } },
      { conditionId: '0x2', resolution: { state: 'resolved', step: 1 } },
    ]);
    expect(counters.messagesMalformed).toBe(3);
    expect(errors).toHaveLength(1);
  });

  test('publishes the other markets of a page if one of them cannot be published', async () => {
    await using bed = await logBed();
    const { marketLog, counters, errors } = await bed.leader();
    const broken = { ...sampleMarket('0x1'), conditionId: 'no condition' };
    await marketLog.publish([broken, sampleMarket('0x2')], bed.signal);
    expect(await bed.stored('MARKETS')).toMatchObject([{ conditionId: '0x2' }]);
    expect(counters.marketsFailed).toBe(1);
    expect(errors).toEqual([expect.stringMatching(/^Cannot publish market no condition: cannot be part of a subject/)]);
  });

  test('starts although the last message of MARKETS was deleted', async () => {
    await using bed = await logBed();
    await (await bed.leader()).marketLog.publish([sampleMarket('0x1'), sampleMarket('0x2')], bed.signal);
    await bed.ask('$JS.API.STREAM.MSG.DELETE.MARKETS', { seq: 2 });
    const { registry } = await bed.leader();
    expect([...registry.open()]).toMatchObject([{ conditionId: '0x1' }]);
  });

  test('starts although MARKETS was purged, logs it, and restores the documents from EVENTS', async () => {
    await using bed = await logBed();
    await publishThree(bed);
    const before = await documents(bed);
    await bed.ask('$JS.API.STREAM.PURGE.MARKETS', {});
    const { registry, errors } = await bed.leader();
    expect(registry.counts()).toEqual({ open: 1, ended: 2 });
    expect(errors).toEqual([expect.stringMatching(/^The stream MARKETS is empty, but EVENTS has 3 markets/)]);
    expect(await documents(bed)).toEqual(before);
  });

  test('starts without an error if nothing was ever published, even if the venue has announced markets', async () => {
    await using bed = await logBed();
    await bed.put([['pm.event.0x1.new_market', '{}']]);
    const { registry, errors } = await bed.leader();
    expect({ markets: registry.size, errors }).toEqual({ markets: 0, errors: [] });
  });

  test.for<[string, string, object]>([
    ['purged', '$JS.API.STREAM.PURGE.MARKETS', {}],
    ['robbed of one message', '$JS.API.STREAM.MSG.DELETE.MARKETS', { seq: 2 }],
    ['deleted', '$JS.API.STREAM.DELETE.MARKETS', {}],
  ])(
    'that sees MARKETS %s publishes all documents again, those of archived markets too',
    async ([_what, subject, body], { expect }) => {
      await using bed = await logBed();
      const leader = await publishThree(bed);
      const before = await documents(bed);
      const { bus, marketLog, log, errors } = leader;
      const looks = watched(bus);
      const over = new AbortController();
      const watching = new MarketStreamWatch({ bus: looks.bus, marketLog, intervalMs: 20, log }).run(over.signal);
      try {
        await looks.first;
        await bed.ask(subject, body);
        await expect.poll(() => documents(bed).catch(() => []), { timeout: 20_000 }).toEqual(before);
      } finally {
        over.abort();
        await watching;
      }
      expect(errors).toEqual([expect.stringMatching(/^The stream MARKETS lost documents: /)]);
      expect((await bed.stored<MarketFact>('EVENTS')).filter(({ type }) => type === 'market_changed')).toHaveLength(3);
    },
  );
});

type Bed = Awaited<ReturnType<typeof logBed>>;

/** One market is open, one is closed and unsettled, and one is archived. */
async function publishThree(bed: Bed) {
  const leader = await bed.leader();
  const closed = sampleMarket('0x2', { closed: true, closedAtMs: 5_000 });
  await leader.marketLog.publish([sampleMarket('0x1'), closed, settledMarket('0x3', ['1', '0'], 5_000)], bed.signal);
  leader.registry.archive('0x3');
  return leader;
}

async function documents(bed: Bed): Promise<Market[]> {
  const all = await bed.stored<Market>('MARKETS');
  return all.sort((a, b) => (a.conditionId < b.conditionId ? -1 : 1));
}

/** Resolves when the watch has looked for the first time: before that it cannot notice a loss. */
function watched(bus: Bed['bus']) {
  const first = Promise.withResolvers<void>();
  const streamState: Bed['bus']['streamState'] = async (stream) => {
    const state = await bus.streamState(stream);
    first.resolve();
    return state;
  };
  return { bus: { streamState }, first: first.promise };
}
