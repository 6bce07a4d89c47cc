import { createHash } from 'node:crypto';
import { parseFrame } from '@polytape/polymarket';
import { UNPARSED_BODY_BYTES_MAX } from '@polytape/types';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { unparsedKind, unparsedRecord } from '../../src/publishing/unparsed-record.ts';

const seen = { connectionId: 'c', counter: 3, receivedAtUs: 7, reason: 'not JSON' };
const sha256 = (body: string | Uint8Array) => createHash('sha256').update(body).digest('hex');

describe('a record of what could not be parsed', () => {
  test('keeps text as text', () => {
    expect(unparsedRecord('{"a":', seen)).toEqual({
      ...seen,
      encoding: 'utf8',
      body: '{"a":',
      lengthBytes: 5,
      sha256: sha256('{"a":'),
    });
  });

  test('keeps bytes as base64', () => {
    const bytes = Buffer.from([0, 255, 1]);
    expect(unparsedRecord(bytes, seen)).toMatchObject({
      encoding: 'base64',
      body: 'AP8B',
      lengthBytes: 3,
      sha256: sha256(bytes),
    });
  });

  test.each([
    ['a NUL', 'a\0b'],
    ['half a character', 'a\ud800b'],
  ])('keeps text with %s as base64, because the database cannot store it', (_what, text) => {
    expect(unparsedRecord(text, seen).encoding).toBe('base64');
  });

  test('cuts a long body, and has its length and hash', () => {
    const long = 'é'.repeat(UNPARSED_BODY_BYTES_MAX);
    const record = unparsedRecord(long, seen);
    expect(record.encoding).toBe('utf8');
    expect(Buffer.byteLength(record.body)).toBeLessThanOrEqual(UNPARSED_BODY_BYTES_MAX);
    expect(long.startsWith(record.body)).toBe(true);
    expect(record.lengthBytes).toBe(2 * UNPARSED_BODY_BYTES_MAX);
    expect(record.sha256).toBe(sha256(long));
  });

  test('always fits a message of 1 MiB, whatever JSON has to escape', () => {
    const bodies = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\u0001', '"', '\\', '😀', 'é', 'a'),
    );
    fc.assert(
      fc.property(bodies, fc.constantFrom(1, 400_000), (body, times) => {
        const raw = body.repeat(Math.ceil(times / Math.max(1, body.length)));
        const record = unparsedRecord(raw, seen);
        expect(Buffer.byteLength(JSON.stringify(record))).toBeLessThan(1024 * 1024);
        if (record.encoding === 'utf8') expect(raw.startsWith(record.body)).toBe(true);
        else expect(Buffer.from(raw).subarray(0, UNPARSED_BODY_BYTES_MAX).toString('base64')).toBe(record.body);
      }),
      { numRuns: 60 },
    );
  });
});

describe('the kind of what could not be parsed', () => {
  test('is the same whatever the garbage says', () => {
    expect(kinds((some) => `${some}, garbage "${some}`)).toEqual(new Set(['not JSON (N characters)']));
    expect(kinds((some) => JSON.stringify({ event_type: 'last_trade_price', price: `no price ${some}` })).size).toBe(1);
  });

  test('distinguishes fields and events', () => {
    const price = 'last_trade_price: price is "a", not a decimal number';
    expect(unparsedKind(price)).toBe('last_trade_price: price is "…", not a decimal number');
    expect(unparsedKind(price)).not.toBe(unparsedKind(price.replace('price is', 'size is')));
    expect(unparsedKind('unknown event type "a \\"b\\" c"')).toBe('unknown event type "…"');
    expect(unparsedKind('book: timestamp is the number 1.5e+21, not a time')).toBe(
      'book: timestamp is the number N, not a time',
    );
  });
});

/** The kinds of frames made with arbitrary words. */
function kinds(frame: (some: string) => string): Set<string> {
  const found = new Set<string>();
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (some) => {
      const parsed = parseFrame(frame(some));
      if (parsed.kind === 'garbage') found.add(unparsedKind(parsed.reason));
      if (parsed.kind !== 'events') return;
      for (const element of parsed.elements) if (element.kind === 'bad') found.add(unparsedKind(element.reason));
    }),
  );
  return found;
}
