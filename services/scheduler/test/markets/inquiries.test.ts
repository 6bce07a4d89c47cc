import { describe, expect, test } from 'vitest';
import { Inquiries } from '../../src/markets/inquiries.ts';

const limits = { marketsMax: 3, retryMsMin: 1_000, retryMsMax: 4_000, giveUpAfterMs: 10_000 };
const ids = (inquiries: Inquiries, nowMs: number) => inquiries.due(nowMs).map(({ conditionId }) => conditionId);

describe('a market of which an event told', () => {
  test('is asked for at once, and again after growing pauses while Gamma does not have it', () => {
    const inquiries = new Inquiries(limits);
    inquiries.add('0xa', 'announced', 0);
    const askedAtMs: number[] = [];
    for (let nowMs = 0; nowMs < 16_000; nowMs += 500) {
      if (ids(inquiries, nowMs).length === 0) continue;
      askedAtMs.push(nowMs);
      inquiries.unanswered('0xa', nowMs);
    }
    expect(askedAtMs).toEqual([0, 1_000, 3_000, 7_000, 11_000]); // and then it is given up
    expect(inquiries.dueAtMs).toBeNull();
  });

  test('is not asked for again once it is known', () => {
    const inquiries = new Inquiries(limits);
    inquiries.add('0xa', 'announced', 0);
    inquiries.answered('0xa');
    expect(ids(inquiries, 100_000)).toEqual([]);
  });

  test('is asked for as resolved, at once, when that was told last; and not the other way round', () => {
    const inquiries = new Inquiries(limits);
    inquiries.add('0xa', 'announced', 0);
    inquiries.unanswered('0xa', 0);
    inquiries.add('0xa', 'announced', 10);
    expect(inquiries.dueAtMs).toBe(1_000);
    inquiries.add('0xa', 'resolved', 20);
    expect(inquiries.due(20)).toEqual([{ conditionId: '0xa', told: 'resolved' }]);
    inquiries.add('0xa', 'announced', 30);
    expect(inquiries.due(30)).toEqual([{ conditionId: '0xa', told: 'resolved' }]);
  });

  test('is passed over when too many are open', () => {
    const inquiries = new Inquiries(limits);
    for (const id of ['0xa', '0xb', '0xc', '0xd']) inquiries.add(id, 'announced', 0);
    expect(ids(inquiries, 0)).toEqual(['0xa', '0xb', '0xc']);
  });

  test('does not wait for the others', () => {
    const inquiries = new Inquiries(limits);
    inquiries.add('0xa', 'announced', 0);
    inquiries.unanswered('0xa', 0);
    inquiries.add('0xb', 'resolved', 200);
    expect(inquiries.dueAtMs).toBe(200);
    expect(ids(inquiries, 200)).toEqual(['0xb']);
  });
});
