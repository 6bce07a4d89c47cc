import { describe, expect, test } from 'vitest';
import { atMost, rest, WakeUp } from '../src/wake-up.ts';

test('a rest that is longer than a timer can be does not end at once', async () => {
  const stop = new AbortController();
  let isOver = false;
  const resting = rest(2 ** 31, stop.signal).then(() => {
    isOver = true;
  });
  await rest(20, stop.signal);
  expect(isOver).toBe(false);
  stop.abort();
  await resting;
});

describe('a wait for a promise', () => {
  test('ends after its time, even if the promise never settles', async () => {
    await atMost(1, new Promise(() => {}));
  });

  test('ends with the promise', async () => {
    await atMost(600_000, Promise.resolve());
    await expect(atMost(600_000, Promise.reject(new Error('failed')))).rejects.toThrow('failed');
  });
});

describe('the wait of a loop', () => {
  test('ends with a change', async () => {
    const wakeUp = new WakeUp();
    const waiting = wakeUp.wait(Number.POSITIVE_INFINITY);
    wakeUp.wake();
    await waiting;
  });

  test('ends after its time', async () => {
    await new WakeUp().wait(1);
  });

  test('ends at once when its time is already over, without a warning from Node', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => void warnings.push(warning);
    process.on('warning', note);
    await new WakeUp().wait(-1);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });

  test('ends when its signal aborts, and does not begin afterwards', async () => {
    const wakeUp = new WakeUp();
    const stop = new AbortController();
    const waiting = wakeUp.wait(Number.POSITIVE_INFINITY, stop.signal);
    stop.abort();
    await waiting;
    await wakeUp.wait(Number.POSITIVE_INFINITY, stop.signal);
  });

  test('ends at once after changes during the work, which count as one', async () => {
    const wakeUp = new WakeUp();
    wakeUp.wake();
    wakeUp.wake();
    await wakeUp.wait(Number.POSITIVE_INFINITY);
    let isOver = false;
    const waiting = wakeUp.wait(Number.POSITIVE_INFINITY).then(() => {
      isOver = true;
    });
    await rest(20);
    expect(isOver).toBe(false);
    wakeUp.wake();
    await waiting;
  });
});
