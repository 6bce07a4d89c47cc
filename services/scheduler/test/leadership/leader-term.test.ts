import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { LeaderTerm, TermOverError } from '../../src/leadership/leader-term.ts';

const never = new AbortController().signal;

describe('a term', () => {
  test('that was never extended allows no writes', () => {
    expect(() => new LeaderTerm(never, 1_000).throwIfOver()).toThrow(TermOverError);
  });

  test('lasts from the moment at which the renewal was requested', () => {
    const term = new LeaderTerm(never, 60_000);
    term.extend(performance.now());
    expect(() => term.throwIfOver()).not.toThrow();
    term.extend(performance.now() - 60_000); // the answer took the whole lease
    expect(() => term.throwIfOver()).toThrow('its key could not be renewed in time');
    expect(term.signal.aborted).toBe(true);
  });

  test('ends by itself when nobody extends it', async () => {
    const term = new LeaderTerm(never, 30);
    const ended = once(term.signal, 'abort');
    term.extend(performance.now());
    await ended;
    expect(term.endedBecause).toBe('its key could not be renewed in time');
  });

  test('is over by the clock even if the timer is late, as in a suspended process', () => {
    const term = new LeaderTerm(never, 20);
    term.extend(performance.now());
    const until = performance.now() + 20;
    while (performance.now() < until); // blocks every timer
    expect(() => term.throwIfOver()).toThrow(TermOverError);
  });

  test('that is over stays over, with its first reason', () => {
    const term = new LeaderTerm(never, 60_000);
    term.extend(performance.now());
    term.end('another leads');
    term.end('something else');
    term.extend(performance.now());
    expect(() => term.throwIfOver()).toThrow('another leads');
  });

  test('ends with the process, without a reason', () => {
    const stop = new AbortController();
    const term = new LeaderTerm(stop.signal, 60_000);
    term.extend(performance.now());
    stop.abort(new Error('stopped by SIGTERM'));
    expect(() => term.throwIfOver()).toThrow('stopped by SIGTERM');
    expect(term.endedBecause).toBeNull();
  });
});
