import type { Market } from '@polytape/types';
import { describe, expect, test } from 'vitest';
import { ResolutionAgenda } from '../../src/resolutions/resolution-agenda.ts';
import { sampleMarket } from '../sample-market.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const NOW_MS = 400 * DAY_MS;

describe('the agenda of resolutions', () => {
  test.each([
    ['an hour ago', HOUR_MS, 1_440],
    ['half a day ago', 12 * HOUR_MS, 288],
    ['three days ago', 3 * DAY_MS, 48],
    ['two weeks ago', 14 * DAY_MS, 8],
    ['a year ago', 365 * DAY_MS, 1],
  ])('asks for a market that closed %s less often the older it is, and never gives it up', (_, ageMs, timesADay) => {
    const agenda = new ResolutionAgenda({ askedMax: 10 });
    const market = closedMarket('0x1', NOW_MS - ageMs);
    let asked = 0;
    // The market's age is fixed, so that the pause is the one for this age.
    for (let minute = 0; minute < 1_440; minute += 1) {
      const nowMs = NOW_MS + minute * MINUTE_MS;
      asked += agenda.take([{ ...market, closedAtMs: nowMs - ageMs }], nowMs).length;
    }
    expect(asked).toBe(timesADay);
  });

  test('takes a limited number in a round: those that waited longest, then the youngest new ones', () => {
    const agenda = new ResolutionAgenda({ askedMax: 2 });
    const markets = [3, 1, 2].map((hours) => closedMarket(`0x${hours}`, NOW_MS - hours * MINUTE_MS));
    const take = (nowMs: number) => agenda.take(markets, nowMs).map(({ conditionId }) => conditionId);
    expect(take(NOW_MS)).toEqual(['0x1', '0x2']);
    expect(take(NOW_MS + 1)).toEqual(['0x3', '0x1']);
    expect(take(NOW_MS + 2)).toEqual(['0x2', '0x1']);
  });

  test('forgets markets that are no longer followed', () => {
    const agenda = new ResolutionAgenda({ askedMax: 10 });
    const markets = ['0x1', '0x2'].map((conditionId) => closedMarket(conditionId, NOW_MS - DAY_MS));
    expect(agenda.take(markets, NOW_MS)).toEqual(markets);
    expect(agenda.take(markets.slice(1), NOW_MS + 1)).toEqual([]);
    expect(agenda.take(markets, NOW_MS + 2)).toEqual(markets.slice(0, 1));
  });

  test('counts the age from the last step, so that a dispute is followed closely', () => {
    const agenda = new ResolutionAgenda({ askedMax: 10 });
    const market: Market = {
      ...closedMarket('0x1', NOW_MS - 300 * DAY_MS),
      resolution: {
        ...{ state: 'disputed', step: 2, method: 'gamma', settlement: null, exchangeAtMs: null },
        seenAtMs: NOW_MS - MINUTE_MS,
      },
    };
    expect(agenda.take([market], NOW_MS)).toHaveLength(1);
    expect(agenda.take([market], NOW_MS + MINUTE_MS)).toHaveLength(1);
  });
});

function closedMarket(conditionId: string, closedAtMs: number): Market {
  const { settlement: _, ...description } = sampleMarket(conditionId, { closed: true, closedAtMs });
  return { ...description, version: 1, seenAtMs: closedAtMs, resolution: null };
}
