import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseFrame } from '../../src/channel/parse-frame.ts';
import { readPlainTrade } from '../../src/channel/read-plain-trade.ts';
import { eventOf, sample, TOKEN_A, tradeWith } from '../samples.ts';

/** The text parsed as JSON: the space after it keeps it from being read as a plain trade. */
const parsedInFull = (text: string) => parseFrame(`${text} `);

const hex = (lengthMax: number) => fc.string({ unit: fc.constantFrom(...'0123456789abcdefA'), maxLength: lengthMax });
const digits = fc.string({ unit: fc.constantFrom(...'0123456789.'), maxLength: 80 });
const fields: Record<string, fc.Arbitrary<unknown>> = {
  market: fc.oneof(
    hex(66).map((text) => `0x${text}`),
    // The padded spelling of a condition whose token has it in its upper bytes.
    fc.constant(`0x${BigInt(TOKEN_A).toString(16).padStart(64, '0').slice(0, 62)}00`),
  ),
  asset_id: digits,
  price: digits,
  size: digits,
  fee_rate_bps: digits,
  side: fc.constantFrom('BUY', 'SELL', 'buy', 'HOLD'),
  timestamp: fc.constantFrom('1784578733812', '0784578733812', '178457873381', '17845787338120'),
  event_type: fc.constantFrom('last_trade_price', 'book', 'price_change'),
  transaction_hash: hex(66).map((text) => `0x${text}`),
};
/** A trade with some fields replaced, left out, or moved to the end. */
const object = fc
  .array(fc.tuple(fc.constantFrom(...Object.keys(fields)), fc.constantFrom('odd', 'any', 'none', 'last'), fc.nat()), {
    maxLength: 3,
  })
  .chain((changes) =>
    fc.tuple(
      fc.constant(changes),
      ...changes.map(([key, how]) =>
        how === 'odd' ? (fields[key] ?? fc.constant('')) : fc.jsonValue({ maxDepth: 2 }),
      ),
    ),
  )
  .map(([changes, ...values]) => {
    const entries = new Map<string, unknown>(Object.entries(JSON.parse(sample.trade)));
    changes.forEach(([key, how], at) => {
      const value = how === 'last' ? entries.get(key) : values[at];
      if (how === 'none' || how === 'last') entries.delete(key);
      if (how !== 'none') entries.set(key, value);
    });
    return JSON.stringify(Object.fromEntries(entries));
  });
/** The text with a stretch of it repeated, removed or replaced, so that keys come twice and escapes appear. */
const mangled = fc
  .tuple(
    object,
    fc.nat(400),
    fc.nat(30),
    fc.constantFrom('', '"', '\\', '\\u0030', ' ', ',"price":"0.9"', 'é', '}', '0'),
  )
  .map(([text, at, length, put]) => text.slice(0, at) + put + text.slice(at + length));
const repeated = fc
  .tuple(
    object,
    fc.constantFrom('price', 'side', 'event_type', 'asset_id'),
    fc.constantFrom('0.9', 'SELL', 'book', '7'),
  )
  .map(([text, key, value]) => `${text.slice(0, -1)},"${key}":"${value}"}`);

describe('a plain trade', () => {
  test('is read without JSON.parse when it is written as the venue writes it', () => {
    expect(readPlainTrade(sample.trade)).toEqual(eventOf(`${sample.trade} `));
    expect(readPlainTrade(tradeWith({ price: '.5', size: '.25', side: 'SELL' }))).toMatchObject({ price: '.5' });
    const spaced = sample.trade.replaceAll('":"', '": "').replaceAll(',', ', ');
    expect(readPlainTrade(spaced)).toEqual(eventOf(`${sample.trade} `));
  });

  test.each([
    { price: '1.1' },
    { price: '2' },
    { price: '' },
    { size: '1.' },
    { size: '1'.repeat(65) },
    { size: 'é' },
    { fee_rate_bps: '' },
    { side: 'buy' },
    { timestamp: '178457873381' },
    { timestamp: '0784578733812' },
    { transaction_hash: `0x${'AB'.repeat(32)}` },
    { transaction_hash: '0xab' },
    { asset_id: '1'.repeat(79) },
    { market: `0x${'a'.repeat(65)}` },
    { bucket_index: '5' },
  ])('is not what has %j', (change) => {
    expect(readPlainTrade(tradeWith(change))).toBeNull();
  });

  test.each([
    sample.trade.replace(':', ' :'),
    `[${sample.trade}]`,
    ` ${sample.trade}`,
    `${sample.trade}\n`,
    sample.trade.replace('"price"', '"pric\\u0065"'),
    sample.trade.replace('"price"', '"price":"0.1","price"'),
  ])('is not what is written differently: %.60s', (text) => {
    expect(readPlainTrade(text)).toBeNull();
  });

  test('is what JSON.parse and the checks of each field make of the text, whatever the text', () => {
    let plain = 0;
    fc.assert(
      fc.property(fc.oneof(object, mangled, repeated), (text) => {
        const event = readPlainTrade(text);
        if (event === null) return;
        plain += 1;
        expect({ kind: 'events', elements: [{ kind: 'event', event }] }).toEqual(parsedInFull(text));
      }),
      { numRuns: 5_000 },
    );
    // Otherwise a reader that reads nothing would pass.
    expect(plain).toBeGreaterThan(100);
  });
});
