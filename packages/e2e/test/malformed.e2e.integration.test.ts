import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ServiceUnderTest, TestBed, until } from '../src/index.ts';

const MIB = 1024 ** 2;
const KEPT_BYTES_MAX = MIB / 4;

let bed: TestBed;
let ingestor: ServiceUnderTest;
let writer: ServiceUnderTest;
/** A recorded market, to which the made-up messages belong. */
let ids: { market: string; asset_id: string };

beforeAll(async () => {
  bed = await TestBed.open({ markets: 20, openPerMinute: 0, closePerMinute: 0, bufferedBytesMax: 256 * MIB });
  let scheduler: ServiceUnderTest;
  [writer, ingestor, scheduler] = await Promise.all([
    bed.start('writer'),
    bed.start('ws-ingestor'),
    bed.start('scheduler'),
  ]);
  await bed.covered(ingestor, scheduler);
  const [market] = bed.venue.openMarketList();
  if (market === undefined) throw new Error('the venue has no market');
  ids = { market: market.conditionId, asset_id: market.tokenIds[0] };
});
afterAll(() => bed?.[Symbol.asyncDispose]());

describe('from the venue', () => {
  const nested = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const wrong: [title: string, frame: () => string | Buffer, reason: RegExp, kept?: string][] = [
    ['text that is not JSON', () => 'Bad gateway', /not JSON.*Bad gateway/],
    ['an empty frame', () => '', /empty frame/],
    ['a trade whose JSON is cut off', () => JSON.stringify(trade()).slice(0, -40), /ends early/],
    ['a quote whose JSON is cut off', () => '{"event_type":"price_change","market":"0x5', /ends early/],
    ['a binary frame', () => Buffer.from(Array.from({ length: 512 }, (_, i) => i % 256)), /binary/],
    ['a string of 5 MB', () => JSON.stringify('ab'.repeat(2_500_000)), /neither an object nor an array/],
    ['text with a NUL in it', () => 'not \0 storable as text', /not JSON/],
    ['brackets nested 100,000 deep', () => nested, /element is not an object/, nested.slice(1, -1)],
    ['a trade without a price', () => JSON.stringify(trade({ price: undefined })), /last_trade_price: .*price/],
    ['a trade without a token', () => JSON.stringify(trade({ asset_id: undefined })), /asset_id/],
    ['a trade without a time', () => JSON.stringify(trade({ timestamp: undefined })), /timestamp/],
    ['a trade whose size is an object', () => JSON.stringify(trade({ size: { shares: 5 } })), /size/],
    ['a trade whose price is above 1', () => JSON.stringify(trade({ price: '1.5' })), /price/],
    ['a trade whose side is neither', () => JSON.stringify(trade({ side: 'HOLD' })), /side/],
    ['a trade whose token would break its subject', () => JSON.stringify(trade({ asset_id: '12.>' })), /asset_id/],
    ['a trade whose market would break its subject', () => JSON.stringify(trade({ market: '0x5e *' })), /market/],
    ['an unknown event', () => '{"event_type":"halving","market":"0x5e"}', /unknown event type "halving"/],
    ['an object without an event type', () => '{"message":"please reconnect"}', /unknown event type null/],
  ];
  test.each(wrong)(
    '%s is counted, kept, reported, and the next trade is recorded',
    async (_title, makeFrame, reason, element) => {
      const frame = makeFrame();
      const before = await ingestor.metric('polytape_ingestor_unparsed_total');
      expect(bed.venue.send(frame)).toBe(1);
      const next = bed.venue.trade().transactionHash;

      await recorded(next);
      expect(await ingestor.metric('polytape_ingestor_unparsed_total')).toBe((before ?? 0) + 1);
      const told = await ingestor.process.record(({ msg }) => /^Could not parse/.test(msg) && reason.test(msg));
      expect(told.level).toBe('warn');
      await bed.stored('UNPARSED');
      const bytes = Buffer.from(element ?? frame);
      const row = (await bed.probe.unparsed()).at(-1);
      expect(row).toMatchObject({
        reason: expect.stringMatching(reason),
        lengthBytes: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
      });
      expect(row?.body.equals(bytes.subarray(0, KEPT_BYTES_MAX)), 'the raw body, or its beginning').toBe(true);
    },
  );

  test('a bad element of an array hides neither the trade before it nor the one after it', async () => {
    const [one, two] = [trade(), trade()];
    const bad = '{"event_type": "last_trade_price", "price": null}';
    const before = await ingestor.metric('polytape_ingestor_unparsed_total');
    bed.venue.send(`[${JSON.stringify(one)}, ${bad} ,${JSON.stringify(two)}]`);
    await recorded(one.transaction_hash, two.transaction_hash);
    expect(await ingestor.metric('polytape_ingestor_unparsed_total')).toBe((before ?? 0) + 1);
    await bed.stored('UNPARSED');
    expect((await bed.probe.unparsed()).at(-1)?.body.toString()).toBe(bad);
  });

  test('a trade whose fee is below 0 is recorded without it, and the element is kept with the reason', async () => {
    const rebate = trade({ fee_rate_bps: '-5' });
    bed.venue.send(JSON.stringify(rebate));
    await recorded(rebate.transaction_hash);
    const question = 'SELECT fee_rate_bps FROM trade_tape WHERE transaction_hash = $1';
    expect(await bed.probe.rows(question, [rebate.transaction_hash])).toEqual([{ fee_rate_bps: null }]);
    await bed.stored('UNPARSED');
    const row = (await bed.probe.unparsed()).at(-1);
    expect(row?.reason).toBe('last_trade_price: fee_rate_bps is "-5", not a decimal string');
    expect(JSON.parse(row?.body.toString() ?? '')).toEqual(rebate);
  });

  test('an event renamed at the rate of quotes is sampled and counted, and no trade is lost or delayed', async () => {
    const before = (await ingestor.metric('polytape_ingestor_unparsed_total')) ?? 0;
    const { messages } = await bed.bus.streamState('UNPARSED');
    const quote = { ...ids, event_type: 'price_changed', price: '0.5', size: '10', side: 'BUY', timestamp: '1' };
    const hashes: (string | null)[] = [];
    const startedAtMs = performance.now();
    for (let burst = 0; burst < 200; burst += 1) {
      for (let frame = 0; frame < 100; frame += 1) bed.venue.send(JSON.stringify(quote));
      hashes.push(bed.venue.trade().transactionHash);
      await setImmediate();
    }
    await ingestor.untilMetric('polytape_ingestor_unparsed_total', (count) => count === before + 20_000);
    const seconds = Math.ceil((performance.now() - startedAtMs) / 1_000);
    await bed.drained(ingestor);

    expect(await ingestor.metric('polytape_ingestor_pauses_total')).toBe(0);
    const kept = (await bed.bus.streamState('UNPARSED')).messages - messages;
    console.info(`Of 20,000 frames in ${seconds} s ${kept} messages were kept.`);
    expect(kept).toBeLessThanOrEqual(11 * (seconds + 1) + 1);
    await recorded(...hashes);
  });

  test('a frame above the limit of 128 MiB costs the connection, and the next trade is recorded on another', async () => {
    const opened = await ingestor.metric('polytape_ingestor_connections_opened_total');
    bed.venue.send(JSON.stringify('x'.repeat(128 * MIB)));
    const logged = await ingestor.process.record(/exceeded \d+ bytes/);
    expect(logged.level).toBe('warn');
    await ingestor.untilMetric('polytape_ingestor_frames_too_large_total', (count) => count === 1);
    await ingestor.untilMetric('polytape_ingestor_connections_opened_total', (count) => count > (opened ?? 0));
    await ingestor.untilMetric('polytape_ingestor_tokens_covered', (count) => count === 40);
    await recorded(bed.venue.trade().transactionHash);
  });
});

describe('in the log', () => {
  const subject = () => `pm.trade.${ids.market}.${ids.asset_id}`;
  const wrong: [title: string, message: () => { subject: string; body: string }, reason: RegExp][] = [
    ['garbage among the trades', () => ({ subject: subject(), body: '\u0000garbage' }), /not JSON/],
    ['an empty body among the trades', () => ({ subject: subject(), body: '' }), /not JSON/],
    [
      'a trade under another one’s subject',
      () => ({ subject: 'pm.trade.0x1.1', body: JSON.stringify({ ...ids }) }),
      /./,
    ],
    ['garbage among the markets', () => ({ subject: `pm.market.${ids.market}`, body: '[]' }), /not a JSON object/],
    ['garbage among the unparsed', () => ({ subject: 'pm.unparsed.nobody', body: '{}' }), /connectionId/],
  ];
  test.each(wrong)(
    '%s becomes a dead letter, is counted and logged, and the next trade is recorded',
    async (title, makeMessage, reason) => {
      const message = makeMessage();
      const before = await writer.metric('polytape_writer_dead_letters_total');
      await using publisher = bed.bus.publisher({ unacknowledgedMax: 10, queueMax: 10 });
      publisher.publish({ ...message, messageId: title });
      await publisher.acknowledged();

      await recorded(bed.venue.trade().transactionHash);
      await writer.untilMetric('polytape_writer_dead_letters_total', (count) => count === (before ?? 0) + 1);
      const letter = (await bed.probe.deadLetters()).find(
        (row) => row.subject === message.subject && row.body.toString() === message.body,
      );
      expect(letter).toMatchObject({ reason: expect.stringMatching(reason) });
      const told = await writer.process.record(
        ({ sequence, subject }) => sequence === letter?.sequence && subject === message.subject,
      );
      expect(told.level).toBe('error');
      expect(told.msg).toMatch(reason);
    },
  );
});

let trades = 0;

/** A valid trade in the venue's format, with these changes. */
function trade(change: Record<string, unknown> = {}): Record<string, unknown> & { transaction_hash: string } {
  trades += 1;
  return {
    ...ids,
    ...{ event_type: 'last_trade_price', price: '0.5', size: '10', side: 'BUY', fee_rate_bps: '0' },
    timestamp: String(Date.now()),
    transaction_hash: `0x${trades.toString(16).padStart(64, 'e')}`,
    ...change,
  };
}

/** Resolves when the trades of these transactions are in the database. */
async function recorded(...hashes: (string | null)[]): Promise<void> {
  const wanted = hashes.filter((hash) => hash !== null);
  await until('the trades recorded', async () => {
    const rows = await bed.probe.tradesByHash(wanted);
    return wanted.every((hash) => rows[hash] === 1);
  });
}
