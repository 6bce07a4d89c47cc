import { describe, expect, test } from 'vitest';
import { FrameRate } from '../../src/connection/frame-rate.ts';

describe('the rate of frames', () => {
  test('covers the last seconds', () => {
    const rate = new FrameRate(0);
    expect(rate.perSecond).toBe(0);
    let frames = 0;
    const run = (fromMs: number, toMs: number, perSecond: number) => {
      for (let at = fromMs + 500; at <= toMs; at += 500) {
        frames += perSecond / 2;
        rate.sample(frames, at);
      }
    };
    run(0, 30_000, 100);
    expect(rate.perSecond).toBeCloseTo(100, 0);
    run(30_000, 40_000, 0);
    expect(rate.perSecond).toBeLessThan(40);
    run(40_000, 90_000, 10);
    expect(rate.perSecond).toBeCloseTo(10, 0);
  });

  test('is right from the first sample, and counts nothing twice at one moment', () => {
    const rate = new FrameRate(1_000);
    rate.sample(50, 1_500);
    rate.sample(50, 1_500);
    expect(rate.perSecond).toBe(100);
  });
});
