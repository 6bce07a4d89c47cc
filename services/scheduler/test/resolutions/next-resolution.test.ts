import type { MarketResolution, ResolutionStep, Settlement } from '@polytape/types';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextResolution, type ResolutionObservation, resolutionAfter } from '../../src/resolutions/next-resolution.ts';

const first: Settlement = { outcome: 'win0', winningTokenId: '1', payouts: ['1', '0'] };
const second: Settlement = { outcome: 'win1', winningTokenId: '2', payouts: ['0', '1'] };
const split: Settlement = { outcome: 'split', winningTokenId: null, payouts: ['0.5', '0.5'] };

describe('the resolution of a market', () => {
  test('goes from proposed to disputed and back, to resolved, to reopened, and through it all again', () => {
    const m = market();
    m.hears({ state: 'proposed' });
    m.hears({ state: 'disputed' });
    m.hears({ state: 'proposed' });
    m.hears({ state: 'resolved', settlement: first });
    m.hears({ state: 'reopened' });
    m.hears({ state: 'proposed' });
    m.hears({ state: 'resolved', settlement: split });
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

  test('carries the evidence, the source and both clocks of what led to it', () => {
    const m = market();
    const evidence = { umaResolutionStatus: 'resolved', outcomePrices: '["1","0"]' };
    m.hears({ state: 'resolved', settlement: first, exchangeAtMs: 70, seenAtMs: 90, evidence });
    expect(m.steps).toEqual([
      {
        ...{ type: 'resolution_resolved', conditionId: '0xab', step: 1, settlement: first, method: 'gamma' },
        ...{ exchangeAtMs: 70, seenAtMs: 90, evidence },
      },
    ]);
  });

  test('stays where it is when the same is told again, in another spelling too', () => {
    const m = market();
    m.hears({ state: 'resolved', settlement: first });
    m.hears({ state: 'resolved', settlement: first });
    m.hears({ method: 'data_api', state: 'resolved', settlement: { ...first, payouts: ['1.0', '0.0'] } });
    m.hears({ state: 'proposed' });
    m.hears({ method: 'data_api', state: 'disputed' });
    expect(m.steps).toHaveLength(1);
  });

  test('takes another settlement from a source that is trusted as much or more, as a step of its own', () => {
    const m = market();
    m.hears({ method: 'gamma', state: 'resolved', settlement: first });
    m.hears({ method: 'market_resolved', state: 'resolved', settlement: second });
    m.hears({ method: 'gamma', state: 'resolved', settlement: first });
    expect(m.known).toMatchObject({ step: 2, method: 'market_resolved', settlement: second });
    m.hears({ method: 'data_api', state: 'resolved', settlement: split });
    m.hears({ method: 'market_resolved', state: 'resolved', settlement: first });
    m.hears({ method: 'data_api', state: 'resolved', settlement: first });
    expect(m.known).toMatchObject({ step: 4, method: 'data_api', settlement: first });
  });

  test('believes a less trusted source that it is resolved, and not that it is disputed', () => {
    const m = market();
    m.hears({ method: 'data_api', state: 'proposed' });
    m.hears({ method: 'gamma', state: 'disputed' });
    expect(m.steps).toHaveLength(1);
    m.hears({ method: 'gamma', state: 'resolved', settlement: first });
    expect(m.known).toMatchObject({ state: 'resolved', method: 'gamma' });
  });

  test('does not go back to what a source that is behind still shows', () => {
    const m = market();
    const proposed = { method: 'data_api', state: 'proposed', exchangeAtMs: 5 } as const;
    const disputed = { method: 'data_api', state: 'disputed', exchangeAtMs: 15 } as const;
    m.hears({ state: 'proposed', seenAtMs: 10 });
    m.hears({ state: 'disputed', seenAtMs: 20 });
    m.hears({ ...proposed, seenAtMs: 21 });
    m.hears({ ...disputed, seenAtMs: 30 });
    expect(m.known).toMatchObject({ state: 'disputed', step: 2, method: 'gamma' });
    m.hears({ ...proposed, exchangeAtMs: 25, seenAtMs: 40 });
    m.hears({ ...disputed, seenAtMs: 41 });
    expect(m.known).toMatchObject({ state: 'proposed', step: 3, method: 'data_api' });
    // By its own clock, however late we hear of it.
    m.hears({ ...disputed, exchangeAtMs: 30, seenAtMs: 50 });
    expect(m.known).toMatchObject({ state: 'disputed', step: 4 });
  });

  test('is not changed by an announcement that was heard before the last step', () => {
    const m = market();
    const announced = { method: 'market_resolved', state: 'resolved', settlement: first, seenAtMs: 10 } as const;
    m.hears(announced);
    m.hears({ state: 'reopened', seenAtMs: 20 });
    m.hears(announced);
    m.hears({ state: 'proposed', seenAtMs: 30 });
    m.hears(announced);
    m.hears({ state: 'resolved', settlement: second, seenAtMs: 40 });
    m.hears(announced);
    expect(m.known).toMatchObject({ step: 4, settlement: second });
  });

  test('is not taken back to what was resolved before it was reopened', () => {
    const m = market();
    const row = { method: 'data_api', state: 'resolved', settlement: first, exchangeAtMs: 5 } as const;
    m.hears({ ...row, seenAtMs: 10 });
    m.hears({ state: 'reopened', seenAtMs: 20 });
    m.hears({ ...row, seenAtMs: 30 });
    m.hears({ state: 'proposed', seenAtMs: 40 });
    m.hears({ ...row, seenAtMs: 50 });
    m.hears({ state: 'resolved', settlement: second, seenAtMs: 60 });
    m.hears({ ...row, seenAtMs: 70 });
    expect(m.known).toMatchObject({ step: 4, settlement: second, method: 'gamma' });
    m.hears({ ...row, settlement: split, exchangeAtMs: 55, seenAtMs: 80 });
    expect(m.known).toMatchObject({ step: 5, settlement: split, method: 'data_api' });
  });
});

describe('any history of observations', () => {
  test('counts its steps from 1, and hears nothing new in what was just told', () => {
    fc.assert(
      fc.property(fc.array(observation()), (told) => {
        const m = market();
        for (const each of told) {
          m.hears(each);
          const { length } = m.steps;
          m.hears(each);
          expect(m.steps).toHaveLength(length);
        }
        expect(m.steps.map(({ step }) => step)).toEqual(m.steps.map((_, index) => index + 1));
      }),
    );
  });

  test('is not changed when its announcements are read again from anywhere, as a new leader does', () => {
    fc.assert(
      fc.property(fc.array(observation(), { minLength: 1 }), fc.nat(), (told, from) => {
        const m = market();
        const heard = told.map((each, index) => ({ ...each, seenAtMs: 10 * (index + 1) }));
        for (const each of heard) m.hears(each);
        const before = m.known;
        const facts = heard.filter(({ method }) => method === 'market_resolved');
        for (const fact of facts.slice(from % heard.length)) m.hears(fact);
        expect(m.known).toEqual(before);
      }),
    );
  });

  test('goes on from the document alone: a leader that dies changes nothing', () => {
    fc.assert(
      fc.property(fc.array(observation()), fc.nat(), (told, diesAfter) => {
        const heard = told.map((each, index) => ({ ...each, seenAtMs: 10 * (index + 1) }));
        const undisturbed = market();
        for (const each of heard) undisturbed.hears(each);
        const died = market();
        const at = heard.length === 0 ? 0 : diesAfter % heard.length;
        for (const each of heard.slice(0, at)) died.hears(each);
        const document: MarketResolution | null = JSON.parse(JSON.stringify(died.known));
        const next = market(document);
        // It reads again what was announced, and goes on with what comes.
        for (const each of heard.slice(0, at)) if (each.method === 'market_resolved') next.hears(each);
        for (const each of heard.slice(at)) next.hears(each);
        expect(next.known).toEqual(undisturbed.known);
        expect([...died.steps, ...next.steps]).toEqual(undisturbed.steps);
      }),
    );
  });

  test('comes to rest when the sources go on saying what they say', () => {
    // A reopening is no state that Gamma goes on telling: it is a difference to what it told before.
    const steady = observation('gamma').filter(({ state }) => state !== 'reopened');
    fc.assert(
      fc.property(fc.array(observation()), steady, observation('data_api'), (told, gamma, data) => {
        const m = market();
        for (const each of told) m.hears(each);
        for (let round = 0; round < 3; round += 1) for (const each of [gamma, data]) m.hears(each);
        const { length } = m.steps;
        for (let round = 0; round < 5; round += 1) for (const each of [gamma, data]) m.hears(each);
        expect(m.steps).toHaveLength(length);
      }),
    );
  });
});

/** A market's resolution and the steps that it took; each observation is heard 10 ms after the last one. */
function market(known: MarketResolution | null = null) {
  const m = {
    known,
    steps: [] as ResolutionStep[],
    hears(o: Pick<ResolutionObservation, 'state'> & Partial<ResolutionObservation>): void {
      const heard: ResolutionObservation = {
        ...{ conditionId: '0xab', method: 'gamma', settlement: null, exchangeAtMs: null, evidence: {} },
        seenAtMs: (m.known?.seenAtMs ?? 0) + 10,
        ...o,
      };
      const step = nextResolution(m.known, heard);
      if (step === null) return;
      m.steps.push(step);
      m.known = resolutionAfter(m.known, step);
    },
  };
  return m;
}

type Told = Pick<ResolutionObservation, 'state' | 'method' | 'settlement' | 'exchangeAtMs'>;

/** Each source says what it can say. */
function observation(method?: ResolutionObservation['method']): fc.Arbitrary<Told> {
  const settled = fc.constantFrom(first, second, split);
  const exchangeAtMs = fc.option(fc.nat(300));
  const resolved = (by: ResolutionObservation['method']) =>
    fc.record({ method: fc.constant(by), state: fc.constant('resolved' as const), settlement: settled, exchangeAtMs });
  const before = (by: ResolutionObservation['method'], ...states: Told['state'][]) =>
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
