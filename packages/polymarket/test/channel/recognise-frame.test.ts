import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type FrameElement, parseFrame } from '../../src/channel/parse-frame.ts';
import { plainQuote } from '../../src/channel/plain-quote.ts';
import { recogniseFrame } from '../../src/channel/recognise-frame.ts';
import { sample, tradeWith } from '../samples.ts';

describe('without parsing, a frame', () => {
  test.each(['trade', 'spacedTrade', 'mixed'] as const)('that contains a trade is recognised: %s', (name) => {
    expect(recogniseFrame(sample[name])).toBe('trade');
  });

  test.each([
    'snapshot',
    'priceChange',
    'bookAfterTrade',
    'oldPriceChange',
    'oldestPriceChange',
    'bestBidAsk',
  ] as const)('of quotes alone is known: %s', (name) => {
    expect(recogniseFrame(sample[name])).toBe('known');
    expect(recogniseFrame(` ${JSON.stringify(JSON.parse(sample[name]), null, 2)}\n`)).toBe('known');
  });

  test.each(['tickSizeChange', 'newMarket', 'marketResolved'] as const)(
    'with a rarer event must be parsed: %s',
    (name) => {
      expect(recogniseFrame(sample[name])).toBe('unknown');
    },
  );

  test('does not count as a trade because a book has the key last_trade_price', () => {
    expect(sample.snapshot).toContain('"last_trade_price":"0.480"');
    expect(recogniseFrame(sample.snapshot)).toBe('known');
  });

  test('does not count as a trade because a question mentions one', () => {
    expect(recogniseFrame(sample.newMarket)).toBe('unknown');
    expect(recogniseFrame('{"event_type":"book","question":"last_trade_price"}')).toBe('known');
  });

  test('counts as a trade although a book with that key comes before it', () => {
    expect(recogniseFrame(`${sample.snapshot.slice(0, -1)},${sample.trade}]`)).toBe('trade');
  });

  test('with a bad trade counts as a trade', () => {
    expect(recogniseFrame(tradeWith({ price: 1 }))).toBe('trade');
  });

  test.each([
    'PONG',
    '[]',
    '',
    '   ',
    '{}',
    '{"error":"no"}',
    `[${sample.priceChange},{"event_type":"market_paused"}]`,
    `[{"event_type":null},${sample.priceChange}]`,
    `{"tags":["event_type"]}`,
    sample.priceChange.slice(0, -1),
    sample.priceChange.slice(1),
    `[${sample.priceChange}}`,
    sample.priceChange.replace('event_type', 'my_event_type'),
    sample.priceChange.replace('"price_change"', '"price_change_2"'),
    sample.trade.replace('last_trade_price', 'last\\u005ftrade_price'),
    sample.trade.replace('event_type', '\\u0065vent_type'),
    `[${sample.priceChange},${sample.trade.replace('event_type', '\\u0065vent_type')}]`,
    `[${sample.priceChange},${sample.trade.replace('event_type', 'event\\u005ftype')}]`,
  ])('that is none of these must be parsed: %.60s', (text) => {
    expect(recogniseFrame(text)).toBe('unknown');
  });
});

describe('on its bytes, a frame', () => {
  const named = (text: string) => plainQuote(Buffer.from(text));

  test('of one quote is recognised by its ending', () => {
    expect(named(sample.priceChange)).toBe('price_change');
    expect(named(sample.bookAfterTrade)).toBe('book');
    expect(named('{"market":"0x1","event_type":"best_bid_ask"}')).toBe('best_bid_ask');
  });

  test.each([
    sample.trade,
    sample.newMarket,
    sample.snapshot,
    `${sample.priceChange}\n`,
    `${sample.trade}\n${sample.priceChange}`,
    `{"a":${sample.trade},${sample.priceChange.slice(1)}`,
    sample.priceChange.replace(',"event_type"', ',"x\\"event_type"'),
    sample.priceChange.replace('"event_type":', '"event_type" :'),
    ',"event_type":"book"}',
    '{"event_type":"book"}',
    '{',
    '',
  ])('is not, and must be decoded: %.60s', (text) => {
    expect(named(text)).toBeNull();
  });
});

describe('a frame that is passed over as known', () => {
  const space = fc.constantFrom('', ' ', '\n', '\t\r\n ');
  const anyEvent = fc.constantFrom(
    ...Object.values(sample).flatMap((text) => [JSON.parse(text)].flat() as Record<string, unknown>[]),
  );
  const spoilt = fc
    .tuple(anyEvent, fc.jsonValue({ maxDepth: 2 }), fc.nat())
    .map(([event, value, at]) => ({ ...event, [Object.keys(event)[at % Object.keys(event).length] ?? '']: value }));
  const named = fc
    .tuple(
      fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })),
      fc.constantFrom('market_paused', 'book ', 'last_trade_price', ''),
    )
    .map(([object, event_type]) => ({ ...object, event_type }));
  const element = fc.oneof(anyEvent, spoilt, named);
  const frame = fc
    .tuple(
      fc.array(element, { minLength: 1, maxLength: 5 }),
      space,
      fc.boolean(),
      fc.constantFrom('', 'event_type', 'last_trade_price'),
    )
    .map(([elements, gap, isArray, escaped]) => {
      const text = elements.map((value) => written(value, gap)).join(`${gap},`);
      const whole = isArray || elements.length > 1 ? `${gap}[${text}]${gap}` : text;
      return escaped === '' ? whole : whole.replaceAll(escaped, escaped.replace('_', '\\u005F'));
    });

  test('contains no trade, good or bad, and names no event but quotes', () => {
    let known = 0;
    fc.assert(
      fc.property(frame, (text) => {
        if (recogniseFrame(text) !== 'known') return;
        known += 1;
        const parsed = parseFrame(text);
        expect(parsed.kind).toBe('events');
        for (const found of parsed.kind === 'events' ? parsed.elements : []) expect(mayBePassedOver(found)).toBe(true);
      }),
      { numRuns: 3_000 },
    );
    // Otherwise a recogniser that knows nothing would pass.
    expect(known).toBeGreaterThan(100);
  });

  test('also holds for a frame that ends by naming a quote, whose name is the one that JSON.parse finds', () => {
    const ending = fc.constantFrom('price_change', 'book', 'best_bid_ask', 'last_trade_price', 'new_market');
    const ended = fc
      .tuple(element, ending, fc.constantFrom('', 'event_type', 'v'))
      .map(([{ event_type: first, ...rest }, event_type, escaped]) => {
        const text = JSON.stringify({ ...rest, event_type });
        const twice = first === undefined ? text : `{"event_type":${JSON.stringify(first)},${text.slice(1)}`;
        return escaped === ''
          ? twice
          : twice.replace(
              escaped,
              escaped.replace(/[_v]/, (letter) => unicode(letter)),
            );
      });
    let plain = 0;
    fc.assert(
      fc.property(fc.oneof(frame, ended), (text) => {
        const quote = plainQuote(Buffer.from(text));
        if (quote === null) return;
        plain += 1;
        expect(JSON.parse(text)).toMatchObject({ event_type: quote });
        expect(JSON.parse(text)).not.toBeInstanceOf(Array);
      }),
      { numRuns: 3_000 },
    );
    expect(plain).toBeGreaterThan(100);
  });

  const unicode = (letter: string) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;

  function mayBePassedOver(found: FrameElement): boolean {
    if (found.kind === 'event') return ['book', 'priceChange', 'bestBidAsk'].includes(found.event.type);
    if (found.kind === 'bad') return /^(book|price_change|best_bid_ask): |^the element/.test(found.reason);
    return found.eventType === null;
  }

  /** JSON with `gap` wherever white space is allowed. */
  function written(value: unknown, gap: string): string {
    if (Array.isArray(value)) return `[${gap}${value.map((item) => written(item, gap)).join(`${gap},${gap}`)}${gap}]`;
    if (typeof value !== 'object' || value === null) return JSON.stringify(value);
    const fields = Object.entries(value).map(
      ([name, item]) => `${JSON.stringify(name)}${gap}:${gap}${written(item, gap)}`,
    );
    return `{${gap}${fields.join(`${gap},${gap}`)}${gap}}`;
  }
});
