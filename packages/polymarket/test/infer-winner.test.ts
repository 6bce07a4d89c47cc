import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readGammaSettlement } from '../src/gamma/gamma-settlement.ts';
import { inferWinner } from '../src/infer-winner.ts';

const TOKENS: [string, string] = ['111', '222'];
const REVERSED: [string, string] = ['222', '111'];
const AUTUMN_2026 = '2026-10-01 00:00:16+00';
const IN_2020 = '2020-11-02 16:31:01+00';

const win0 = { outcome: 'win0', winningTokenId: '111', payouts: ['1', '0'] };
const win1 = { outcome: 'win1', winningTokenId: '222', payouts: ['0', '1'] };
const split = { outcome: 'split', winningTokenId: null, payouts: ['0.5', '0.5'] };
const unknown = { outcome: 'unknown', winningTokenId: null, payouts: ['0', '0'] };

const gamma = (fields: object) =>
  inferWinner(readGammaSettlement({ closed: true, closedTime: AUTUMN_2026, ...fields }), TOKENS);
const resolved = (outcomePrices: unknown, fields: object = {}) =>
  gamma({ umaResolutionStatus: 'resolved', outcomePrices, ...fields });

describe('Gamma shows a winner', () => {
  test.each([
    ['text', '["1", "0"]', win0],
    ['text, reversed', '["0", "1"]', win1],
    ['a native list', ['0', '1'], win1],
    ['numbers', [1, 0], win0],
    ['more zeros', '["1.000", "0.0"]', win0],
  ])('by prices of exactly 1 and 0, written as %s', (_, prices, settlement) => {
    expect(resolved(prices)).toEqual(settlement);
  });

  test.each(['resolved', 'settled', 'Resolved', ' resolved '])('when the status is %j', (umaResolutionStatus) => {
    expect(gamma({ umaResolutionStatus, outcomePrices: '["1", "0"]' })).toEqual(win0);
  });

  test('when there is no status, but the market resolves automatically', () => {
    expect(gamma({ automaticallyResolved: true, outcomePrices: '["0", "1"]' })).toEqual(win1);
  });

  test('for markets from before 2022, which have no status', () => {
    expect(gamma({ closedTime: IN_2020, outcomePrices: '["1", "0"]' })).toEqual(win0);
  });

  test('by the position of the price, whatever the names and the order of the outcomes', () => {
    const settlement = readGammaSettlement({
      closed: true,
      umaResolutionStatus: 'resolved',
      outcomes: '["No", "Yes"]',
      outcomePrices: '["1", "0"]',
    });
    expect(inferWinner(settlement, REVERSED)).toEqual({ ...win0, winningTokenId: '222' });
  });
});

describe('Gamma shows no winner yet', () => {
  test.each([
    ['a market that is open', { closed: false, umaResolutionStatus: 'resolved', outcomePrices: '["1", "0"]' }],
    ['a market that is closed, and nothing else', { outcomePrices: '["1", "0"]' }],
    ['a proposal', { umaResolutionStatus: 'proposed', outcomePrices: '["1", "0"]' }],
    ['a dispute', { umaResolutionStatus: 'disputed', outcomePrices: '["0", "1"]' }],
    [
      'a proposal in a market that resolves by itself',
      { umaResolutionStatus: 'proposed', automaticallyResolved: true, outcomePrices: '["1", "0"]' },
    ],
    ['a status that is not known', { umaResolutionStatus: 'final?', outcomePrices: '["1", "0"]' }],
    ['almost 1, though resolved', { umaResolutionStatus: 'resolved', outcomePrices: '["0.9995", "0.0005"]' }],
    ['almost 1, of old', { closedTime: IN_2020, outcomePrices: '["0.9999", "0.0001"]' }],
    ['marks in the middle, though resolved', { umaResolutionStatus: 'resolved', outcomePrices: '["0.64", "0.36"]' }],
    ['half to each without a status', { automaticallyResolved: true, outcomePrices: '["0.5", "0.5"]' }],
    ['half to each while proposed', { umaResolutionStatus: 'proposed', outcomePrices: '["0.5", "0.5"]' }],
    ['nothing to both without a status', { outcomePrices: '["0", "0"]' }],
    ['nothing to both in one that resolves by itself', { automaticallyResolved: true, outcomePrices: '["0", "0"]' }],
    ['everything to both', { umaResolutionStatus: 'resolved', outcomePrices: '["1", "1"]' }],
    ['no prices', { umaResolutionStatus: 'resolved' }],
    ['prices that are null', { umaResolutionStatus: 'resolved', outcomePrices: null }],
    ['no list of prices', { umaResolutionStatus: 'resolved', outcomePrices: '1,0' }],
    ['one price', { umaResolutionStatus: 'resolved', outcomePrices: '["1"]' }],
    ['three prices', { umaResolutionStatus: 'resolved', outcomePrices: '["1", "0", "0"]' }],
    ['prices that are none', { umaResolutionStatus: 'resolved', outcomePrices: '["yes", "no"]' }],
    ['a negative price', { umaResolutionStatus: 'resolved', outcomePrices: '["1", "-0"]' }],
  ])('by %s', (_, fields) => {
    expect(gamma(fields)).toBeNull();
  });
});

describe('Gamma shows a market that nobody won', () => {
  test('as a split, by 0.5 to each and the oracle’s own status', () => {
    expect(resolved('["0.5", "0.5"]')).toEqual(split);
    expect(resolved(['0.50', 0.5])).toEqual(split);
  });

  test('as unknown, by 0 to both and the status, or in a market from before 2022', () => {
    expect(resolved('["0", "0"]')).toEqual(unknown);
    expect(gamma({ closedTime: IN_2020, outcomePrices: '["0", "0"]' })).toEqual(unknown);
  });

  test('as other, by the fractions of a scalar market', () => {
    const prices = '["0.5843311669077693146635445446077281", "0.4156688330922306853364554553922719"]';
    const shares = { outcome: 'other', winningTokenId: null, payouts: JSON.parse(prices) };
    expect(gamma({ closedTime: IN_2020, marketType: 'scalar', outcomePrices: prices })).toEqual(shares);
    expect(gamma({ closedTime: IN_2020, marketType: 'normal', outcomePrices: prices })).toBeNull();
    expect(gamma({ closedTime: IN_2020, marketType: 'scalar', outcomePrices: '["0.5", "0.4"]' })).toBeNull();
  });
});

describe('the Data API', () => {
  const told = { status: 'resolved', payouts: null, price: null };
  test.each([
    ['payouts of all to the first', { ...told, payouts: ['1', '0'] }, win0],
    ['payouts of all to the second', { ...told, payouts: ['0', '1'] }, win1],
    ['payouts of half to each', { ...told, payouts: ['0.5', '0.5'] }, split],
    ['payouts of nothing', { ...told, payouts: ['0', '0'] }, unknown],
    ['payouts of nothing beside a price', { ...told, payouts: ['0', '0'], price: '0' }, win1],
    ['payouts against a price', { ...told, payouts: ['1', '0'], price: '0' }, win0],
    ['a price of 1', { ...told, price: '1' }, win0],
    ['a price of 0', { ...told, price: '0' }, win1],
    ['a price of one half', { ...told, price: '0.5' }, split],
    [
      'other payouts',
      { ...told, payouts: ['0.333333', '0.666667'] },
      { outcome: 'other', winningTokenId: null, payouts: ['0.333333', '0.666667'] },
    ],
  ] as const)('settles by %s', (_, row, settlement) => {
    expect(inferWinner({ ...row, payouts: row.payouts && [...row.payouts] }, TOKENS)).toEqual(settlement);
  });

  test('does not settle by the status alone, nor by impossible payouts', () => {
    expect(inferWinner(told, TOKENS)).toBeNull();
    expect(inferWinner({ ...told, payouts: ['1', '1'] }, TOKENS)).toBeNull();
    expect(inferWinner({ ...told, payouts: ['0.9995', '0.0004'] }, TOKENS)).toBeNull();
  });

  test.each(['initialized', 'posed', 'proposed', 'challenged', 'reproposed', 'disputed', 'active', 'arbitration', ''])(
    'does not settle in status %j, whatever the other fields are',
    (status) => {
      expect(inferWinner({ status, payouts: ['1', '0'], price: '1' }, TOKENS)).toBeNull();
    },
  );
});

describe('market_resolved', () => {
  test('settles by the token that it names', () => {
    expect(inferWinner({ winningTokenId: '222' }, TOKENS)).toEqual(win1);
    expect(inferWinner({ winningTokenId: '111' }, TOKENS)).toEqual(win0);
  });

  test('does not settle without a token, or by a token of another market', () => {
    expect(inferWinner({ winningTokenId: null }, TOKENS)).toBeNull();
    expect(inferWinner({ winningTokenId: '333' }, TOKENS)).toBeNull();
    expect(inferWinner({ winningTokenId: '111' }, ['111', '111'])).toBeNull();
  });
});

/** Prices and payouts of all kinds, the decisive ones more often. */
const amounts = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('0', '1', '0.5', '1.0', '0.50', '.5') },
  { weight: 1, arbitrary: fc.nat(1_000_000).map((micro) => (micro / 1_000_000).toFixed(6)) },
);
const pairs = fc.oneof(
  fc.tuple(amounts, amounts),
  fc
    .nat(1_000_000)
    .map((micro): [string, string] => [(micro / 1e6).toFixed(6), ((1_000_000 - micro) / 1e6).toFixed(6)]),
);
const gammaEvidence = fc.record({
  closed: fc.boolean(),
  closedAtMs: fc.constantFrom(null, Date.UTC(2020, 10, 2), Date.UTC(2026, 9, 1)),
  outcomePrices: fc.option(pairs),
  umaResolutionStatus: fc.constantFrom(null, 'resolved', 'settled', 'proposed', 'disputed'),
  automaticallyResolved: fc.boolean(),
  marketType: fc.constantFrom(null, 'scalar', 'normal'),
});
const dataEvidence = fc.record({
  status: fc.constantFrom('resolved', 'resolved', 'proposed'),
  payouts: fc.option(pairs),
  price: fc.option(fc.constantFrom('0', '1', '0.5')),
});

describe('for any evidence', () => {
  test('payouts and winner of a settlement agree', () => {
    fc.assert(
      fc.property(fc.oneof(gammaEvidence, dataEvidence), (evidence) => {
        const settlement = inferWinner(evidence, TOKENS);
        if (settlement === null) return;
        const [first, second] = settlement.payouts?.map(Number) ?? [];
        const { outcome, winningTokenId } = settlement;
        expect(outcome === 'win0').toBe(first === 1 && second === 0);
        expect(outcome === 'win1').toBe(first === 0 && second === 1);
        expect(outcome === 'split').toBe(first === 0.5 && second === 0.5);
        expect(outcome === 'unknown').toBe(first === 0 && second === 0);
        expect(winningTokenId).toBe(outcome === 'win0' ? '111' : outcome === 'win1' ? '222' : null);
        if (outcome !== 'unknown') expect((first ?? 0) + (second ?? 0)).toBeCloseTo(1, 9);
      }),
      { numRuns: 2_000 },
    );
  });

  test('the same token wins if the outcomes are swapped', () => {
    const swapped = <T>(pair: [T, T] | null): [T, T] | null => pair && [pair[1], pair[0]];
    fc.assert(
      fc.property(
        fc.oneof(
          gammaEvidence,
          fc.record({ ...{ status: fc.constant('resolved') }, payouts: fc.option(pairs), price: fc.constant(null) }),
        ),
        (evidence) => {
          const turned =
            'outcomePrices' in evidence
              ? { ...evidence, outcomePrices: swapped(evidence.outcomePrices) }
              : { ...evidence, payouts: swapped(evidence.payouts) };
          const [one, other] = [inferWinner(evidence, TOKENS), inferWinner(turned, REVERSED)];
          expect(other?.winningTokenId).toBe(one?.winningTokenId);
          expect(other?.payouts).toEqual(one?.payouts && swapped(one.payouts));
          const kinds = { win0: 'win1', win1: 'win0', split: 'split', other: 'other', unknown: 'unknown' };
          expect(other?.outcome).toBe(one === null ? undefined : kinds[one.outcome]);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('a price near 1 never wins', () => {
    fc.assert(
      fc.property(gammaEvidence, fc.integer({ min: 1, max: 499_999 }), (evidence, micro) => {
        const near: [string, string] = [((1_000_000 - micro) / 1e6).toFixed(6), (micro / 1e6).toFixed(6)];
        for (const outcomePrices of [near, [...near].reverse() as [string, string]]) {
          expect(inferWinner({ ...evidence, outcomePrices }, TOKENS)?.winningTokenId ?? null).toBeNull();
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
