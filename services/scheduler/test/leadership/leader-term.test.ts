import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { LeaderTerm, TermOverError } from '../../src/leadership/leader-term.ts';

const never = new AbortController().signal;

describe('a term', () => {
  test('that was never extended allows no write', () => {
    expect(() => new LeaderTerm(never, 1_000).throwIfOver()).toThrow(TermOverError);
  });

  test('lasts from the moment at which the renewal was asked for', () => {
    const term = new LeaderTerm(never, 60_000);
    term.extend(performance.now());
    expect(() => term.throwIfOver()).not.toThrow();
    term.extend(performance.now() - 60_000); // the answer took all of it
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

  test('is over by the clock also while the timer is late, as in a process that was stopped', () => {
    const term = new LeaderTerm(never, 20);
    term.extend(performance.now());
    const until = performance.now() + 20;
    while (performance.now() < until); // no timer can run
    expect(() => term.throwIfOver()).toThrow(TermOverError);
  });

  test('that is over stays over, and its first reason counts', () => {
    const term = new LeaderTerm(never, 60_000);
    term.extend(performance.now());
    term.end('another leads');
    term.end('something else');
    term.extend(performance.now());
    expect(() => term.throwIfOver()).toThrow('another leads');
  });

  test('ends with the process, which needs no reason', () => {
    const stop = new AbortController();
    const term = new LeaderTerm(stop.signal, 60_000);
    term.extend(performance.now());
    stop.abort(new Error('stopped by SIGTERM'));
    expect(() => term.throwIfOver()).toThrow('stopped by SIGTERM');
    expect(term.endedBecause).toBeNull();
  });
});
