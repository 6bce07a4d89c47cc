import { parseFrame } from '@polytape/polymarket';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { unparsedKind } from '../../src/publishing/unparsed-record.ts';

describe('the kind of what could not be parsed', () => {
  test('is the same whatever the rubbish says', () => {
    expect(kinds((some) => `${some}, garbage "${some}`)).toEqual(new Set(['not JSON (N characters)']));
    expect(kinds((some) => JSON.stringify({ event_type: 'last_trade_price', price: `no price ${some}` })).size).toBe(1);
  });

  test('tells fields and events apart', () => {
    const price = 'last_trade_price: price is "a", not a decimal number';
    expect(unparsedKind(price)).toBe('last_trade_price: price is "…", not a decimal number');
    expect(unparsedKind(price)).not.toBe(unparsedKind(price.replace('price is', 'size is')));
    expect(unparsedKind('unknown event type "a \\"b\\" c"')).toBe('unknown event type "…"');
    expect(unparsedKind('book: timestamp is the number 1.5e+21, not a time')).toBe(
      'book: timestamp is the number N, not a time',
    );
  });
});

/** The kinds of what is made of words of all sorts. */
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
