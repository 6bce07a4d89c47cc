import { onTestFinished, vi } from 'vitest';

/** Sets the monotonic clock forward, until the end of the test. */
export function timePasses(ms: number): void {
  const now = performance.now.bind(performance);
  const spy = vi.spyOn(performance, 'now').mockImplementation(() => now() + ms);
  onTestFinished(() => spy.mockRestore());
}
