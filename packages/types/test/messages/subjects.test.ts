import { describe, expect, test } from 'vitest';
import {
  eventSubject,
  isConditionId,
  isTokenId,
  lifecycleMessageId,
  marketSubject,
  pageMessageId,
  snapshotSubject,
  tradeSubject,
  unparsedSubject,
} from '../../src/index.ts';

describe('a subject', () => {
  test('names condition and token of a trade', () => {
    expect(tradeSubject({ conditionId: '0x8bf1', tokenId: '1116' })).toBe('pm.trade.0x8bf1.1116');
  });

  test('takes condition ids of both position systems', () => {
    expect(marketSubject(`0x${'a'.repeat(64)}`)).toBe(`pm.market.0x${'a'.repeat(64)}`);
    expect(marketSubject(`0x${'a'.repeat(62)}`)).toBe(`pm.market.0x${'a'.repeat(62)}`);
  });

  test.each(['', '0x', '0xAB', 'abc', '0xab.cd', '0xab *', '0xab>', `0x${'a'.repeat(65)}`])(
    'refuses the condition %j',
    (id) => {
      expect(isConditionId(id)).toBe(false);
      expect(() => marketSubject(id)).toThrow(RangeError);
    },
  );

  test.each(['', '0x12', '1.2', '1 2', '*', '>', '-1', '9'.repeat(79)])('refuses the token %j', (id) => {
    expect(isTokenId(id)).toBe(false);
    expect(() => tradeSubject({ conditionId: '0xab', tokenId: id })).toThrow(RangeError);
  });

  test("of an event names condition and type, and its message id the venue's time besides", () => {
    const resolved = { type: 'market_resolved', conditionId: '0xab', exchangeAtMs: 12 } as const;
    expect(eventSubject(resolved)).toBe('pm.event.0xab.market_resolved');
    expect(lifecycleMessageId(resolved)).toBe('market_resolved:0xab:12');
    expect(() => eventSubject({ ...resolved, conditionId: 'ab' })).toThrow(RangeError);
  });

  test('of snapshots names the page of the market: the end of its condition id, in both position systems', () => {
    expect(snapshotSubject('price', `0x${'a'.repeat(62)}4f`)).toBe('pm.price.4f');
    expect(snapshotSubject('book', `0x01${'a'.repeat(58)}4f`)).toBe('pm.book.4f');
    expect(() => snapshotSubject('price', '4f')).toThrow(RangeError);
  });

  test('and the body make the message id of a page', () => {
    const page = { subject: 'pm.price.4f', body: '{"snapshots":[]}' };
    expect(pageMessageId(page)).toBe(pageMessageId({ ...page }));
    expect(pageMessageId({ ...page, body: '{"snapshots":[1]}' })).not.toBe(pageMessageId(page));
    expect(pageMessageId({ ...page, subject: 'pm.book.4f' })).not.toBe(pageMessageId(page));
  });

  test('names the connection of an unparsed body', () => {
    expect(unparsedSubject('a1B2-3')).toBe('pm.unparsed.a1B2-3');
    expect(() => unparsedSubject('a.b')).toThrow(RangeError);
  });
});
