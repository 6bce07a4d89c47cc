import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseFrame } from '../../src/channel/parse-frame.ts';
import { CONDITION, elementsOf, eventOf, kindsOf, sample, TOKEN_A, TRANSACTION, tradeWith } from '../samples.ts';

describe('a frame', () => {
  test('of one object holds one event', () => {
    expect(eventOf(sample.trade)).toEqual({
      type: 'lastTradePrice',
      conditionId: CONDITION,
      tokenId: TOKEN_A,
      price: '0.480',
      size: '21.42857',
      side: 'BUY',
      timestamp: '1790000005000',
      feeRateBps: '0',
      transactionHash: TRANSACTION,
    });
  });

  test('of an array holds an event for each element, in order, of any types', () => {
    expect(kindsOf(sample.snapshot)).toEqual(['book', 'book']);
    expect(kindsOf(sample.mixed)).toEqual(['priceChange', 'priceChange', 'lastTradePrice']);
  });

  test('may have spaces around colons, commas and the whole', () => {
    expect(eventOf(sample.spacedTrade)).toMatchObject({ type: 'lastTradePrice', price: '0.480' });
    expect(eventOf(` \r\n${sample.trade}\n`)).toEqual(eventOf(sample.trade));
  });

  test('PONG is recognised, with or without white space', () => {
    expect(parseFrame('PONG')).toEqual({ kind: 'pong' });
    expect(parseFrame(' PONG\r\n')).toEqual({ kind: 'pong' });
    expect(parseFrame('"PONG"').kind).toBe('garbage');
  });

  test('[] holds nothing', () => {
    expect(parseFrame('[]')).toEqual({ kind: 'events', elements: [] });
    expect(parseFrame(' [ ] ')).toEqual({ kind: 'events', elements: [] });
  });

  test.each([
    ['', 'an empty frame'],
    ['  \n', 'an empty frame'],
    ['INVALID OPERATION', 'not JSON (17 characters), begins: INVALID OPERATION'],
    ['{"event_type":"book"', 'JSON that ends early (20 characters), begins: {"event_type":"book"'],
    ['[{"a":"x', 'JSON that ends early (8 characters), begins: [{"a":"x'],
    ['{"a":1}{"b":2}', 'not JSON (14 characters), begins: {"a":1}{"b":2}'],
    ['<html>\n<body>\0', 'not JSON (14 characters), begins: <html> <body>\uFFFD'],
    ['42', 'JSON, but neither an object nor an array'],
    ['null', 'JSON, but neither an object nor an array'],
    ['"{}"', 'JSON, but neither an object nor an array'],
  ])('%j is garbage, with a reason', (text, reason) => {
    expect(parseFrame(text)).toEqual({ kind: 'garbage', reason });
  });

  test('of garbage gives a short reason, however long the frame is', () => {
    const frame = parseFrame(`{"event_type":"${'x'.repeat(5_000_000)}`);
    expect(frame).toMatchObject({ kind: 'garbage', reason: expect.stringMatching(/^JSON that ends early \(5000015 /) });
    expect(frame.kind === 'garbage' && frame.reason.length).toBeLessThan(150);
  });

  test('with more elements than any subscription has is refused as a whole', () => {
    expect(parseFrame(`[${'1,'.repeat(100_000)}1]`)).toEqual({
      kind: 'garbage',
      reason: 'an array of 100001 elements; at most 100000 are accepted',
    });
  });
});

describe('an element', () => {
  test('of an unknown event type is returned as received', () => {
    const raw = '{ "event_type" : "market_paused", "until": 1.0, "until": 2.50 }';
    expect(elementsOf(`[${sample.trade}, ${raw} ,${sample.trade}]`)[1]).toEqual({
      kind: 'unknown',
      eventType: 'market_paused',
      raw,
    });
    expect(elementsOf(` ${raw}\n`)).toEqual([{ kind: 'unknown', eventType: 'market_paused', raw }]);
  });

  test('that names no event is unknown', () => {
    expect(elementsOf('{"error":"too many"}')).toEqual([
      { kind: 'unknown', eventType: null, raw: '{"error":"too many"}' },
    ]);
    expect(kindsOf('[{},{"event_type":7},{"event_type":null}]')).toEqual(['unknown', 'unknown', 'unknown']);
  });

  test('named like a property of every object is unknown', () => {
    expect(kindsOf('[{"event_type":"constructor"},{"event_type":"__proto__"},{"event_type":""}]')).toEqual([
      'unknown',
      'unknown',
      'unknown',
    ]);
  });

  test('that is not an object is bad, and its neighbours are read', () => {
    const frame = `[${sample.trade},null,7,"x]",[${sample.trade}],${sample.priceChange}]`;
    expect(kindsOf(frame)).toEqual(['lastTradePrice', 'bad', 'bad', 'bad', 'bad', 'priceChange']);
    expect(elementsOf(frame)[3]).toEqual({ kind: 'bad', reason: 'the element is not an object', raw: '"x]"' });
  });

  test('that is bad hides none of its neighbours, wherever it is', () => {
    const broken = tradeWith({ price: null });
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }),
        fc.constantFrom('', ' ', '\n'),
        (good, space) => {
          const texts = good.map((isGood) => (isGood ? sample.trade : broken));
          const elements = elementsOf(`[${texts.join(`,${space}`)}]`);
          expect(elements.map(({ kind }) => kind)).toEqual(good.map((isGood) => (isGood ? 'event' : 'bad')));
          for (const element of elements) if (element.kind === 'bad') expect(element.raw).toBe(broken);
        },
      ),
    );
  });

  test('is returned as received, whatever the JSON', () => {
    fc.assert(
      fc.property(fc.array(fc.json({ maxDepth: 4 }), { maxLength: 6 }), (texts) => {
        const raws = elementsOf(`[${texts.join(' , ')}]`).map((element) => element.kind !== 'event' && element.raw);
        expect(raws).toEqual(texts.map((text) => text.trim()));
      }),
    );
  });
});

describe('parseFrame', () => {
  test('never throws, whatever the text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => void parseFrame(text)));
    fc.assert(fc.property(fc.json(), (text) => void parseFrame(text)));
  });

  test('never throws, whatever the value in any field of any event', () => {
    const events = Object.values(sample).flatMap((text) => [JSON.parse(text)].flat() as Record<string, unknown>[]);
    const mutated = fc
      .constantFrom(...events)
      .chain((event) =>
        fc
          .record({ name: fc.constantFrom(...Object.keys(event)), value: fc.jsonValue() })
          .map(({ name, value }) => ({ ...event, [name]: value })),
      );
    fc.assert(
      fc.property(mutated, (event) => {
        const frame = parseFrame(JSON.stringify(event));
        expect(frame.kind).toBe('events');
      }),
      { numRuns: 1_000 },
    );
  });

  test('never throws for a prefix of a good frame, and reads no event in one', () => {
    for (let length = 0; length < sample.mixed.length; length += 1) {
      expect(parseFrame(sample.mixed.slice(0, length)).kind).toBe('garbage');
    }
  });

  test('survives any depth of nesting', () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    expect(kindsOf(`[${deep},${sample.trade}]`)).toEqual(['bad', 'lastTradePrice']);
    expect(kindsOf(`{"event_type":"book","bids":${deep}}`)).toEqual(['bad']);
  });

  test('survives a string of 5 MB in a field', () => {
    const long = '9'.repeat(5_000_000);
    const elements = elementsOf(`[${tradeWith({ price: long })},${tradeWith({ asset_id: long })},${sample.trade}]`);
    expect(elements.map(({ kind }) => kind)).toEqual(['bad', 'bad', 'event']);
    for (const element of elements) if (element.kind === 'bad') expect(element.reason.length).toBeLessThan(150);
  });

  test('returns no text that a store would refuse', () => {
    const frame = sample.newMarket.replace('"slug":"said-on-air"', '"slug":"a\\u0000b\\ud800c"');
    expect(eventOf(frame)).toMatchObject({ type: 'newMarket', slug: 'a\uFFFDb\uFFFDc' });
    expect(eventOf(frame.replace('"Yes"', '"\\udc00"'))).toMatchObject({ outcomes: ['\uFFFD', 'No'] });
  });

  test('takes the last of duplicate keys, as JSON does, and checks that one', () => {
    const doubled = sample.trade.replace('{', '{"price":"0.9",');
    expect(eventOf(doubled)).toMatchObject({ price: '0.480' });
    const spoilt = sample.trade.replace(/}$/, ',"price":7}');
    expect(elementsOf(spoilt)).toEqual([
      { kind: 'bad', reason: 'last_trade_price: price is the number 7, not a decimal string', raw: spoilt },
    ]);
  });
});
