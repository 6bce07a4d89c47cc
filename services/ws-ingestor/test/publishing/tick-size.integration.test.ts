import { eventSubject, type TickSizeChange } from '@polytape/types';
import { expect, test } from 'vitest';
import { RecorderBed } from '../recording/recorder-bed.ts';

test('a tick size change is one fact in EVENTS, even if several connections receive it among quotes', async () => {
  await using bed = await RecorderBed.start({ plan: { 0: [0, 1], 1: [0] } });
  await bed.covered();
  const [tokenId, conditionId] = [bed.tokenOf(0), bed.plan.get(0)?.tokens[0]?.conditionId ?? ''];
  const quote = { event_type: 'price_change', market: conditionId, price_changes: [], timestamp: '1757908892350' };
  const change = {
    event_type: 'tick_size_change',
    asset_id: tokenId,
    market: conditionId,
    old_tick_size: '0.01',
    new_tick_size: '0.001',
    timestamp: '1757908892351',
  };
  bed.venue.send(JSON.stringify([quote, change]));
  await bed.until('received by both', () => bed.counters.tickSizeChanges === 2);
  expect(await bed.stored()).toBe(1);
  const fact = { type: 'tick_size_change' as const, conditionId };
  const message = await bed.bus.lastMessageOn('EVENTS', eventSubject(fact));
  expect(JSON.parse(new TextDecoder().decode(message?.body))).toEqual({
    ...fact,
    tokenId,
    oldTickSize: '0.01',
    newTickSize: '0.001',
    exchangeAtMs: 1_757_908_892_351,
    receivedAtUs: expect.any(Number),
  } satisfies Record<keyof TickSizeChange, unknown>);
  expect(bed.counters.unparsed).toBe(0);
});
