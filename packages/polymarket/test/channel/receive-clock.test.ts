import { describe, expect, test } from 'vitest';
import { ReceiveClock } from '../../src/channel/receive-clock.ts';

describe('receive time', () => {
  const machine = { monotonic: 1_790_000_000_000, wall: 1_790_000_000_000 };
  const clock = () => new ReceiveClock({ monotonicMs: () => machine.monotonic, wallMs: () => machine.wall });

  test('is whole microseconds since the epoch', () => {
    machine.monotonic = 1_790_000_000_000.123;
    expect(clock().nowUs()).toBe(1_790_000_000_000_123);
    expect(Number.isSafeInteger(new ReceiveClock().nowUs())).toBe(true);
    expect(Math.abs(new ReceiveClock().nowUs() / 1_000 - Date.now())).toBeLessThan(1_000);
  });

  test('advances with the monotonic clock while the wall clock agrees', () => {
    const receive = clock();
    machine.monotonic += 5_000;
    machine.wall += 5_090;
    expect(receive.check()).toBe(0);
    expect(receive.nowUs()).toBe(Math.round(machine.monotonic * 1_000));
  });

  test.each([28_800_000, -3_600_000, 101])('follows the wall clock when it has jumped by %i ms', (driftMs) => {
    machine.monotonic = machine.wall = 1_790_000_000_000;
    const receive = clock();
    machine.wall += driftMs;
    expect(receive.check()).toBe(driftMs);
    expect(receive.nowUs()).toBe(machine.wall * 1_000);
    expect(receive.check()).toBe(0);
  });

  test('is right from the start, even if the process slept before', () => {
    machine.monotonic = 1_790_000_000_000;
    machine.wall = machine.monotonic + 28_800_000;
    expect(clock().nowUs()).toBe(machine.wall * 1_000);
  });
});
