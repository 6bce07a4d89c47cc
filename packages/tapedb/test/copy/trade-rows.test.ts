import { decodeTrade, MalformedMessageError, tradeSubject } from '@polytape/types';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type TradeRow, TradeRows } from '../../src/index.ts';
import { NOON_MS, trade } from '../projection/sample-batch.ts';

const digits = (o: { minLength: number; maxLength: number }) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), ...o });
const hex = (o: { minLength: number; maxLength: number }) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), ...o });
const decimal = fc
  .tuple(digits({ minLength: 0, maxLength: 12 }), fc.constantFrom('', '.'), digits({ minLength: 0, maxLength: 9 }))
  .map(([integer, point, fraction]) => (point === '' ? `${integer}0` : `${integer}.${fraction}5`));

/** Trades as ingestors publish them. */
const TRADES: fc.Arbitrary<TradeRow> = fc.record({
  tradeId: fc
    .tuple(hex({ minLength: 16, maxLength: 16 }), fc.integer({ min: 0, max: 32_767 }))
    .map(([content, ordinal]) => `${content}-${ordinal}`),
  conditionId: hex({ minLength: 1, maxLength: 64 }).map((id) => `0x${id}`),
  tokenId: digits({ minLength: 1, maxLength: 78 }),
  side: fc.constantFrom('BUY', 'SELL'),
  price: decimal,
  size: decimal,
  feeRateBps: fc.option(decimal),
  transactionHash: fc.option(hex({ minLength: 64, maxLength: 64 }).map((hash) => `0x${hash}`)),
  exchangeAtMs: fc.integer({ min: NOON_MS - 1e11, max: NOON_MS + 1e11 }),
  receivedAtUs: fc.oneof(fc.maxSafeInteger(), fc.constant(NOON_MS * 1_000)).map(Math.abs),
  source: fc.constantFrom('websocket', 'data_api'),
  connectionId: fc.option(fc.constantFrom('ingestor-1-0', 'ingestor-2-17')),
});

describe('the rows of trades', () => {
  test('are the same from the bytes of messages as from decoded trades', () => {
    fc.assert(
      fc.property(fc.array(TRADES, { minLength: 1, maxLength: 5 }), (trades) => {
        const rows = new TradeRows();
        for (const { connectionId, ...message } of trades) {
          expect(rows.addMessage(tradeSubject(message), bytes(JSON.stringify(message)), connectionId)).toBe(true);
        }
        expect(shown(rows)).toEqual(shown(TradeRows.of(trades)));
      }),
    );
  });

  test('come from no bytes that decoding refuses, or reads otherwise', () => {
    const { connectionId, ...message } = trade('any');
    const subject = tradeSubject(message);
    const body = JSON.stringify(message);
    const byte = fc.constantFrom(...'{}[]":,.-+\\ \0eE0x19afAF', '\u00e9');
    const change = fc.record({ at: fc.nat(body.length), removed: fc.nat(3), text: fc.array(byte, { maxLength: 3 }) });
    let accepted = 0;
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 2 }), fc.boolean(), (changes, isSubjectToo) => {
        const changed = changes.reduce(
          (text, { at, removed, text: added }) => text.slice(0, at) + added.join('') + text.slice(at + removed),
          body,
        );
        const as = isSubjectToo ? (subjectIn(changed) ?? subject) : subject;
        const rows = new TradeRows();
        if (!rows.addMessage(as, bytes(changed), connectionId)) return;
        accepted += 1;
        expect(shown(rows)).toEqual(shown(TradeRows.of([{ ...decodeTrade(as, bytes(changed)), connectionId }])));
      }),
      { numRuns: 20_000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });

  test.each([
    ['a subject of another token', { subject: (subject: string) => `${subject}1` }],
    ['a time in seconds', { fields: { exchangeAtMs: 1_786_728_432 } }],
    ['an ordinal that the column cannot hold', { fields: { tradeId: '0123456789abcdef-32768' } }],
    ['a time of receiving that is not exact', { fields: { receivedAtUs: 2 ** 53 } }],
    ['a number with a zero before it', { body: (body: string) => body.replace('"receivedAtUs":', '"receivedAtUs":0') }],
    ['bytes behind it', { body: (body: string) => `${body}}` }],
    ['half a byte of hash', { fields: { transactionHash: '0x123' } }],
    ['too long a decimal', { fields: { size: '1'.repeat(65) } }],
  ])('are not taken from a message with %s', (_name, change: Change) => {
    const message = { ...trade('any'), ...change.fields };
    const subject = (change.subject ?? String)(tradeSubject(message));
    const { connectionId: _, ...rest } = message;
    const body = bytes((change.body ?? String)(JSON.stringify(rest)));
    expect(new TradeRows().addMessage(subject, body, null)).toBe(false);
    expect(() => decodeTrade(subject, body)).toThrow(MalformedMessageError);
  });
});

type Change = { fields?: object; subject?: (subject: string) => string; body?: (body: string) => string };

function shown(rows: TradeRows): object {
  const keys = rows.tokenIds.map((_, row) => row + 1);
  const { tokenIds, conditionIds, connectionIds, receivedAtUs, suspectedRepeats } = rows;
  return {
    ...{ tokenIds, conditionIds, connectionIds, receivedAtUs, suspectedRepeats },
    copy: rows.copy(keys, keys).toString('hex'),
  };
}

function subjectIn(body: string): string | null {
  try {
    return tradeSubject(JSON.parse(body));
  } catch {
    return null;
  }
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
