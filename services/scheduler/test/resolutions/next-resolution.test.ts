import type { MarketResolution, ResolutionStep, Settlement } from '@polytape/types';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextResolution, type ResolutionObservation, resolutionAfter } from '../../src/resolutions/next-resolution.ts';

const first: Settlement = { outcome: 'win0', winningTokenId: '1', payouts: ['1', '0'] };
const second: Settlement = { outcome: 'win1', winningTokenId: '2', payouts: ['0', '1'] };
const split: Settlement = { outcome: 'split', winningTokenId: null, payouts: ['0.5', '0.5'] };

describe('the resolution of a market', () => {
  test('goes from proposed to disputed and back, to resolved, to reopened, and through all of it again', () => {
    const m = market();
    m.takes({ state: 'proposed' });
    m.takes({ state: 'disputed' });
    m.takes({ state: 'proposed' });
    m.takes({ state: 'resolved', settlement: first });
    m.takes({ state: 'reopened' });
    m.takes({ state: 'proposed' });
    m.takes({ state: 'resolved', settlement: split });
    expect(m.steps.map(({ step, type }) => `${step} ${type.replace('resolution_', '')}`)).toEqual([
      '1 proposed',
      '2 disputed',
      '3 proposed',
      '4 resolved',
      '5 reopened',
      '6 proposed',
      '7 resolved',
    ]);
    expect(m.known).toMatchObject({ state: 'resolved', step: 7, settlement: split });
  });

  test('carries the evidence, the source and both times of its observation', () => {
    const m = market();
    const evidence = { umaResolutionStatus: 'resolved', outcomePrices: '["1","0"]' };
    m.takes({ state: 'resolved', settlement: first, exchangeAtMs: 70, seenAtMs: 90, evidence });
    expect(m.steps).toEqual([
      {
        ...{ type: 'resolution_resolved', conditionId: '0xab', step: 1, settlement: first, method: 'gamma' },
        ...{ exchangeAtMs: 70, seenAtMs: 90, evidence },
      },
    ]);
  });

  test('does not change when an observation is repeated, in another spelling too', () => {
    const m = market();
    m.takes({ state: 'resolved', settlement: first });
    m.takes({ state: 'resolved', settlement: first });
    m.takes({ method: 'data_api', state: 'resolved', settlement: { ...first, payouts: ['1.0', '0.0'] } });
    m.takes({ state: 'proposed' });
    m.takes({ method: 'data_api', state: 'disputed' });
    expect(m.steps).toHaveLength(1);
  });

  test('takes another settlement from a source with equal or more trust, as a step of its own', () => {
    const m = market();
    m.takes({ method: 'gamma', state: 'resolved', settlement: first });
    m.takes({ method: 'market_resolved', state: 'resolved', settlement: second });
    m.takes({ method: 'gamma', state: 'resolved', settlement: first });
    expect(m.known).toMatchObject({ step: 2, method: 'market_resolved', settlement: second });
    m.takes({ method: 'data_api', state: 'resolved', settlement: split });
    m.takes({ method: 'market_resolved', state: 'resolved', settlement: first });
    m.takes({ method: 'data_api', state: 'resolved', settlement: first });
    expect(m.known).toMatchObject({ step: 4, method: 'data_api', settlement: first });
  });

  test('accepts a resolution from a less trusted source, but not a dispute', () => {
    const m = market();
    m.takes({ method: 'data_api', state: 'proposed' });
    m.takes({ method: 'gamma', state: 'disputed' });
    expect(m.steps).toHaveLength(1);
    m.takes({ method: 'gamma', state: 'resolved', settlement: first });
    expect(m.known).toMatchObject({ state: 'resolved', method: 'gamma' });
  });

  test('does not go back to what a lagging source still shows', () => {
    const m = market();
    const proposed = { method: 'data_api', state: 'proposed', exchangeAtMs: 5 } as const;
    const disputed = { method: 'data_api', state: 'disputed', exchangeAtMs: 15 } as const;
    m.takes({ state: 'proposed', seenAtMs: 10 });
    m.takes({ state: 'disputed', seenAtMs: 20 });
    m.takes({ ...proposed, seenAtMs: 21 });
    m.takes({ ...disputed, seenAtMs: 30 });
    expect(m.known).toMatchObject({ state: 'disputed', step: 2, method: 'gamma' });
    m.takes({ ...proposed, exchangeAtMs: 25, seenAtMs: 40 });
    m.takes({ ...disputed, seenAtMs: 41 });
    expect(m.known).toMatchObject({ state: 'proposed', step: 3, method: 'data_api' });
    // Its own clock counts, however late it arrives.
    m.takes({ ...disputed, exchangeAtMs: 30, seenAtMs: 50 });
    expect(m.known).toMatchObject({ state: 'disputed', step: 4 });
  });

  test('is not changed by an announcement that arrived before the last step', () => {
    const m = market();
    const announced = { method: 'market_resolved', state: 'resolved', settlement: first, seenAtMs: 10 } as const;
    m.takes(announced);
    m.takes({ state: 'reopened', seenAtMs: 20 });
    m.takes(announced);
    m.takes({ state: 'proposed', seenAtMs: 30 });
    m.takes(announced);
    m.takes({ state: 'resolved', settlement: second, seenAtMs: 40 });
    m.takes(announced);
    expect(m.known).toMatchObject({ step: 4, settlement: second });
  });

  test('does not return to the settlement from before its reopening', () => {
    const m = market();
    const row = { method: 'data_api', state: 'resolved', settlement: first, exchangeAtMs: 5 } as const;
    m.takes({ ...row, seenAtMs: 10 });
    m.takes({ state: 'reopened', seenAtMs: 20 });
    m.takes({ ...row, seenAtMs: 30 });
    m.takes({ state: 'proposed', seenAtMs: 40 });
    m.takes({ ...row, seenAtMs: 50 });
    m.takes({ state: 'resolved', settlement: second, seenAtMs: 60 });
    m.takes({ ...row, seenAtMs: 70 });
    expect(m.known).toMatchObject({ step: 4, settlement: second, method: 'gamma' });
    m.takes({ ...row, settlement: split, exchangeAtMs: 55, seenAtMs: 80 });
    expect(m.known).toMatchObject({ step: 5, settlement: split, method: 'data_api' });
  });
});

describe('any history of observations', () => {
  test('numbers its steps from 1, and has none for a repeated observation', () => {
    fc.assert(
      fc.property(fc.array(observation()), (observations) => {
        const m = market();
        for (const each of observations) {
          m.takes(each);
          const { length } = m.steps;
          m.takes(each);
          expect(m.steps).toHaveLength(length);
        }
        expect(m.steps.map(({ step }) => step)).toEqual(m.steps.map((_, index) => index + 1));
      }),
    );
  });

  test('does not change when its announcements are read again from anywhere, as a new leader does', () => {
    fc.assert(
      fc.property(fc.array(observation(), { minLength: 1 }), fc.nat(), (observations, from) => {
        const m = market();
        const received = observations.map((each, index) => ({ ...each, seenAtMs: 10 * (index + 1) }));
        for (const each of received) m.takes(each);
        const before = m.known;
        const facts = received.filter(({ method }) => method === 'market_resolved');
        for (const fact of facts.slice(from % received.length)) m.takes(fact);
        expect(m.known).toEqual(before);
      }),
    );
  });

  test('continues from the document alone, whichever leader dies', () => {
    fc.assert(
      fc.property(fc.array(observation()), fc.nat(), (observations, diesAfter) => {
        const received = observations.map((each, index) => ({ ...each, seenAtMs: 10 * (index + 1) }));
        const undisturbed = market();
        for (const each of received) undisturbed.takes(each);
        const died = market();
        const at = received.length === 0 ? 0 : diesAfter % received.length;
        for (const each of received.slice(0, at)) died.takes(each);
        const document: MarketResolution | null = JSON.parse(JSON.stringify(died.known));
        const next = market(document);
        // The new leader reads the announcements again, and continues with what comes.
        for (const each of received.slice(0, at)) if (each.method === 'market_resolved') next.takes(each);
        for (const each of received.slice(at)) next.takes(each);
        expect(next.known).toEqual(undisturbed.known);
        expect([...died.steps, ...next.steps]).toEqual(undisturbed.steps);
      }),
    );
  });

  test('comes to rest when the sources repeat themselves', () => {
    // A reopening is not a state that Gamma keeps reporting, but a difference from its last report.
    const steady = observation('gamma').filter(({ state }) => state !== 'reopened');
    fc.assert(
      fc.property(fc.array(observation()), steady, observation('data_api'), (observations, gamma, data) => {
        const m = market();
        for (const each of observations) m.takes(each);
        for (let round = 0; round < 3; round += 1) for (const each of [gamma, data]) m.takes(each);
        const { length } = m.steps;
        for (let round = 0; round < 5; round += 1) for (const each of [gamma, data]) m.takes(each);
        expect(m.steps).toHaveLength(length);
      }),
    );
  });
});

/** A market's resolution and its steps; each observation arrives 10 ms after the last one. */
function market(known: MarketResolution | null = null) {
  const m = {
    known,
    steps: [] as ResolutionStep[],
    takes(o: Pick<ResolutionObservation, 'state'> & Partial<ResolutionObservation>): void {
      const received: ResolutionObservation = {
        ...{ conditionId: '0xab', method: 'gamma', settlement: null, exchangeAtMs: null, evidence: {} },
        seenAtMs: (m.known?.seenAtMs ?? 0) + 10,
        ...o,
      };
      const step = nextResolution(m.known, received);
      if (step === null) return;
      m.steps.push(step);
      m.known = resolutionAfter(m.known, step);
    },
  };
  return m;
}

type Observed = Pick<ResolutionObservation, 'state' | 'method' | 'settlement' | 'exchangeAtMs'>;

/** Every observation that a source can make. */
function observation(method?: ResolutionObservation['method']): fc.Arbitrary<Observed> {
  const settled = fc.constantFrom(first, second, split);
  const exchangeAtMs = fc.option(fc.nat(300));
  const resolved = (by: ResolutionObservation['method']) =>
    fc.record({ method: fc.constant(by), state: fc.constant('resolved' as const), settlement: settled, exchangeAtMs });
  const before = (by: ResolutionObservation['method'], ...states: Observed['state'][]) =>
    fc.record({
      ...{ method: fc.constant(by), state: fc.constantFrom(...states) },
      ...{ settlement: fc.constant(null), exchangeAtMs },
    });
  const sources = {
    gamma: fc.oneof(resolved('gamma'), before('gamma', 'proposed', 'disputed', 'reopened')),
    data_api: fc.oneof(resolved('data_api'), before('data_api', 'proposed', 'disputed')),
    market_resolved: resolved('market_resolved'),
  };
  return method === undefined ? fc.oneof(...Object.values(sources)) : sources[method];
}
