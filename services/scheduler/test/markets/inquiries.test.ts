import { describe, expect, test } from 'vitest';
import { Inquiries, type InquiryLimits } from '../../src/markets/inquiries.ts';

const limits: InquiryLimits = {
  ...{ openedMax: 3, resolvedMax: 2, retryMsMin: 1_000, retryMsMax: 8_000, giveUpAfterMs: 10_000 },
};
const TOKENS = ['1', '2'] as const;
const ids = (inquiries: Inquiries, nowMs: number) => inquiries.due(nowMs).map(({ conditionId }) => conditionId);
const planned = (inquiries: Inquiries) => [...inquiries.unconfirmed()].map(({ conditionId }) => conditionId);

describe('an announced market', () => {
  test('is due at once, and again after growing pauses until its time is over', () => {
    const inquiries = new Inquiries(limits);
    inquiries.add('0xa', 'opened', { nowMs: 0 });
    const askedAtMs: number[] = [];
    let isOver = false;
    for (let nowMs = 0; !isOver; nowMs += 500) {
      if (ids(inquiries, nowMs).length === 0) continue;
      askedAtMs.push(nowMs);
      isOver = inquiries.unanswered('0xa', nowMs);
    }
    expect(askedAtMs).toEqual([0, 1_000, 3_000, 7_000, 11_000]);
  });

  test('is not due again once it is closed', () => {
    const inquiries = new Inquiries(limits);
    inquiries.add('0xa', 'opened', { nowMs: 0, tokenIds: TOKENS });
    inquiries.close('0xa');
    expect(ids(inquiries, 100_000)).toEqual([]);
    expect(planned(inquiries)).toEqual([]);
    expect(inquiries.dueAtMs).toBeNull();
  });

  test('is due as resolved when its resolution follows its opening, and not the other way round', () => {
    const inquiries = new Inquiries(limits);
    inquiries.add('0xa', 'opened', { nowMs: 0, tokenIds: TOKENS });
    inquiries.unanswered('0xa', 0);
    inquiries.add('0xa', 'opened', { nowMs: 10 });
    expect(inquiries.dueAtMs).toBe(1_000);
    inquiries.add('0xa', 'resolved', { nowMs: 20 });
    expect(inquiries.due(20)).toEqual([{ conditionId: '0xa', announcement: 'resolved' }]);
    inquiries.add('0xa', 'opened', { nowMs: 30 });
    expect(inquiries.due(30)).toEqual([{ conditionId: '0xa', announcement: 'resolved' }]);
    expect(planned(inquiries)).toEqual(['0xa']); // recorded until its document says closed
  });

  test('is due independently of the others', () => {
    const inquiries = new Inquiries(limits);
    inquiries.add('0xa', 'opened', { nowMs: 0 });
    inquiries.unanswered('0xa', 0);
    inquiries.add('0xb', 'resolved', { nowMs: 200 });
    expect(inquiries.dueAtMs).toBe(200);
    expect(ids(inquiries, 200)).toEqual(['0xb']);
  });

  test('is planned only if the event named its tokens', () => {
    const inquiries = new Inquiries(limits);
    inquiries.add('0xa', 'opened', { nowMs: 0 });
    inquiries.add('0xb', 'opened', { nowMs: 0, tokenIds: TOKENS });
    expect([...inquiries.unconfirmed()]).toEqual([{ conditionId: '0xb', tokenIds: TOKENS }]);
  });

  test('has less time left if it was announced a while ago, under an earlier leader', () => {
    const inquiries = new Inquiries(limits);
    inquiries.add('0xa', 'opened', { nowMs: 0, ageMs: 9_000, tokenIds: TOKENS });
    expect(inquiries.unanswered('0xa', 0)).toBe(false);
    expect(inquiries.unanswered('0xa', 1_000)).toBe(true);
  });

  test('that has a book stays planned and is due again much later', () => {
    const inquiries = new Inquiries(limits);
    inquiries.add('0xa', 'opened', { nowMs: 0, tokenIds: TOKENS });
    expect(inquiries.unanswered('0xa', 10_000)).toBe(true);
    inquiries.confirmedByBook('0xa', 10_000);
    expect(inquiries.dueAtMs).toBe(20_000);
    expect(inquiries.unanswered('0xa', 20_000)).toBe(true); // check its book again
    expect(planned(inquiries)).toEqual(['0xa']);
  });
});

describe('a flood of announcements', () => {
  test('takes at most its own places, and none of those for resolutions', () => {
    const inquiries = new Inquiries(limits);
    const taken = ['0xa', '0xb', '0xc', '0xd'].map((id) => inquiries.add(id, 'opened', { nowMs: 0, tokenIds: TOKENS }));
    expect(taken).toEqual([true, true, true, false]);
    expect(planned(inquiries)).toEqual(['0xa', '0xb', '0xc']);
    expect(inquiries.add('0xe', 'resolved', { nowMs: 0 })).toBe(true);
  });

  test('makes room as its markets are given up, and does not count markets with a book', () => {
    const inquiries = new Inquiries(limits);
    for (const id of ['0xa', '0xb', '0xc']) inquiries.add(id, 'opened', { nowMs: 0, tokenIds: TOKENS });
    inquiries.confirmedByBook('0xa', 0);
    expect(inquiries.add('0xd', 'opened', { nowMs: 0 })).toBe(true);
    expect(inquiries.add('0xe', 'opened', { nowMs: 0 })).toBe(false);
    inquiries.close('0xb');
    expect(inquiries.add('0xe', 'opened', { nowMs: 0 })).toBe(true);
  });
});
