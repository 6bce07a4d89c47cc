import {
  decodeBooks,
  decodeFact,
  decodeMarket,
  decodePrices,
  decodeTrade,
  decodeUnparsed,
  eventSubject,
  type LifecycleEvent,
  MalformedMessageError,
  type MarketFact,
  marketSubject,
  snapshotSubject,
  type TickSizeChange,
  tradeSubject,
} from '@polytape/types';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ProjectedRows, TradeRows } from '../../src/index.ts';
import { openDatabase } from '../open-database.ts';
import { batch, book, CONDITION, market, NOON_MS, price, step, TOKEN_YES, trade, unparsed } from './sample-batch.ts';

const { connectionId: _, ...TRADE } = trade('any');
const MARKET = market({
  groupItemTitle: 'a',
  fees: { enabled: true, type: 'a', rate: '0.04', exponent: '1', takerOnly: true, rebateRate: '0.25' },
  resolution: {
    ...{ state: 'resolved', step: 1, method: 'gamma', exchangeAtMs: NOON_MS, seenAtMs: NOON_MS },
    settlement: { outcome: 'win0', winningTokenId: TOKEN_YES, payouts: ['1', '0'] },
  },
});
const ANNOUNCED: LifecycleEvent = {
  ...{
    type: 'new_market',
    conditionId: CONDITION,
    gammaId: '1',
    tokenIds: [TOKEN_YES],
    outcomes: ['Yes'],
    question: 'Will it?',
    slug: 'a',
  },
  ...{ winningTokenId: null, winningOutcome: null, exchangeAtMs: NOON_MS, receivedAtUs: NOON_MS * 1_000 },
};
const FINER: TickSizeChange = {
  ...{
    type: 'tick_size_change',
    conditionId: CONDITION,
    tokenId: TOKEN_YES,
    oldTickSize: '0.01',
    newTickSize: '0.001',
  },
  ...{ exchangeAtMs: NOON_MS, receivedAtUs: NOON_MS * 1_000 },
};
const RESOLVED = step(2, {
  type: 'resolution_resolved',
  settlement: { outcome: 'win0', winningTokenId: TOKEN_YES, payouts: ['1', '0'] },
});
const CHANGED: MarketFact = { type: 'market_changed', conditionId: CONDITION, changed: ['closed'], market: MARKET };

type Kind = {
  /** A good message. */
  message: object;
  subjectOf: (message: never) => string;
  rowsOf: (subject: string, body: Uint8Array) => Partial<ProjectedRows>;
};
const factKind = (message: MarketFact): Kind => ({
  message,
  subjectOf: eventSubject,
  rowsOf: (subject, body) => ({ facts: [decodeFact(subject, body)] }),
});
const pageSubject =
  (kind: 'price' | 'book') =>
  ({ snapshots }: { snapshots: { conditionId: string }[] }) =>
    snapshotSubject(kind, snapshots[0]?.conditionId ?? '');
const KINDS: Record<string, Kind> = {
  'a trade': {
    message: TRADE,
    subjectOf: tradeSubject,
    rowsOf: (subject, body) => ({ trades: TradeRows.of([{ ...decodeTrade(subject, body), connectionId: null }]) }),
  },
  'a price': {
    message: { snapshots: [price()] },
    subjectOf: pageSubject('price'),
    rowsOf: (subject, body) => ({ prices: decodePrices(subject, body).snapshots }),
  },
  'a book': {
    message: { snapshots: [book()] },
    subjectOf: pageSubject('book'),
    rowsOf: (subject, body) => ({ books: decodeBooks(subject, body).snapshots }),
  },
  'a market': {
    message: MARKET,
    subjectOf: ({ conditionId }: { conditionId: string }) => marketSubject(conditionId),
    rowsOf: (subject, body) => ({ markets: [decodeMarket(subject, body)] }),
  },
  'an announcement': factKind(ANNOUNCED),
  'a change of the tick size': factKind(FINER),
  'a step of a resolution': factKind(RESOLVED),
  'a change of a document': factKind(CHANGED),
  'something unparsed': {
    message: unparsed(),
    subjectOf: () => 'pm.unparsed.any',
    rowsOf: (subject, body) => ({ unparsed: [decodeUnparsed(subject, body)] }),
  },
};

describe('whatever decoding accepts the database can store:', () => {
  test.each(Object.entries(KINDS))('%s, with any of its values changed to anything', async (_name, kind) => {
    await using opened = await openDatabase({ timescale: false });
    let accepted = 0;
    let position = 0;
    await fc.assert(
      fc.asyncProperty(changed(kind.message), async (message) => {
        const rows = decoded(message, kind);
        if (rows === null) return;
        accepted += 1;
        await opened.database.apply(batch(position, position + 1, rows));
        position += 1;
      }),
      { numRuns: RUNS },
    );
    expect(accepted, 'messages that were not refused').toBeGreaterThan(RUNS / 10);
    expect(accepted, 'messages that were refused').toBeLessThan(RUNS);
  });
});

type Body = Record<string, unknown>;

/** The rows of the message; null when it is refused. */
function decoded(message: Body, { subjectOf, rowsOf }: Kind): Partial<ProjectedRows> | null {
  let subject: string;
  try {
    subject = subjectOf(message as never);
  } catch {
    return null; // ids that make no subject: nobody could have published such a message
  }
  try {
    return rowsOf(subject, new TextEncoder().encode(JSON.stringify(message)));
  } catch (error) {
    if (error instanceof MalformedMessageError) return null;
    throw error;
  }
}

/** The message with one or two of its values, at whatever depth, changed to others that are sometimes right. */
function changed(message: object): fc.Arbitrary<Body> {
  const paths = pathsOf(message);
  const change = fc
    .constantFrom(...paths)
    .chain((path) => fc.tuple(fc.constant(path), fc.oneof({ arbitrary: likeIt(path, message), weight: 4 }, VALUE)));
  return fc.array(change, { minLength: 1, maxLength: 2 }).map((changes) => {
    const copy = JSON.parse(JSON.stringify(message)) as Body;
    for (const [path, value] of changes) setAt(copy, path, value);
    return copy;
  });
}

function pathsOf(value: unknown, before: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [before];
  const inner = Object.entries(value).flatMap(([name, one]) => pathsOf(one, [...before, name]));
  return before.length === 0 ? inner : [before, ...inner];
}

function setAt(root: Body, path: readonly string[], value: unknown): void {
  let at: unknown = root;
  for (const name of path.slice(0, -1)) at = (at as Body | null | undefined)?.[name];
  const last = path.at(-1);
  if (typeof at === 'object' && at !== null && last !== undefined) (at as Body)[last] = value;
}

/** Values of the kind that stands there. */
function likeIt(path: readonly string[], message: object): fc.Arbitrary<unknown> {
  const value = path.reduce<unknown>((at, name) => (at as Body)[name], message);
  if (typeof value === 'number') return fc.oneof(TIME_MS, fc.nat(3));
  if (typeof value === 'boolean') return fc.boolean();
  if (typeof value !== 'string') return fc.constant(null);
  if (/^[0-9.]+$/.test(value)) return fc.oneof(DECIMAL, digits(78));
  return value.startsWith('0x') ? HEX : TEXT;
}

const RUNS = 300;
const digits = (max: number) => fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: max });
const HEX = fc
  .string({ unit: fc.constantFrom(...'0123456789abcdefABCDEF'), maxLength: 132 })
  .map((text) => `0x${text}`);
const DECIMAL = fc
  .tuple(fc.constantFrom('', '-', '-'), digits(40), fc.constantFrom('', '.'), digits(22))
  .map((parts) => parts.join(''));
const TIME_MS = fc.oneof(
  fc.integer({ min: Date.UTC(2014, 11, 31), max: Date.UTC(2100, 0, 2) }),
  fc.constantFrom(0, -1, NOON_MS / 1_000, NOON_MS * 1_000, 8.64e15, Date.UTC(10_000, 0, 1), Number.MAX_SAFE_INTEGER),
  fc.integer({ min: Date.UTC(9_999, 11, 31), max: Date.UTC(9_999, 11, 31) + 86_400_000 }),
  fc.constantFrom(
    Date.parse('0001-01-01T00:00:00Z'),
    Date.parse('0001-01-01T00:00:00Z') - 1,
    Math.floor(2 ** 53 / 1_000),
  ),
);
const TEXT = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('\0', '\ud83d', '\udc00', '{', '"', "'", '\\', 'NaN', 'x'.repeat(100_000), `0x${'AB'.repeat(32)}`),
);
/** Anything that JSON can say, and often what stands in messages. */
const VALUE = fc.oneof(
  { arbitrary: DECIMAL, weight: 3 },
  { arbitrary: TIME_MS, weight: 3 },
  { arbitrary: TEXT, weight: 3 },
  fc.constantFrom(null, true, false, 0, 1, 2, 32_767, 32_768, 1e9, 2 ** 31, 1e-7, 1e300),
  fc.constantFrom(
    ...Array.from({ length: 70 }, (_, depth) => JSON.parse('['.repeat(depth + 1) + ']'.repeat(depth + 1))),
  ),
  fc.jsonValue(),
  fc.array(DECIMAL, { maxLength: 3 }),
  fc.array(TEXT, { maxLength: 3 }),
  fc.dictionary(TEXT, fc.oneof(TEXT, DECIMAL), { maxKeys: 3 }),
);
