import { RevisionConflictError } from '@polytape/bus';
import { VenueUnavailableError } from '@polytape/polymarket';
import { createLogger, type Logger } from '@polytape/service';
import { describe, expect, test } from 'vitest';
import { type JobClock, type JobResult, JobRunner, type JobSchedule } from '../../src/jobs/job-runner.ts';
import { TermOverError } from '../../src/leadership/leader-term.ts';

const minute: JobSchedule = { name: 'prices', intervalMs: 60_000, timeoutMs: 300_000, isOnTheClock: true };
const worked: JobResult = { items: 3, errors: 1 };

describe('a job', () => {
  test.each([
    [false, [61_000, 121_000, 181_000]],
    [true, [61_000, 120_000, 180_000]],
  ])('runs at once and then once per interval (on the clock: %s)', async (isOnTheClock, expected) => {
    const t = timetable({ fromMs: 61_000 });
    const began: number[] = [];
    await t.runner({ ...minute, isOnTheClock }).run(async () => {
      began.push(t.nowMs());
      t.pass(5_000);
      if (began.length === 3) t.stop();
      return worked;
    }, t.signal);
    expect(began).toEqual(expected);
  });

  test('starts with a random delay, and never in the interval before', async () => {
    const t = timetable({ random: 0.5 });
    const began: number[] = [];
    await t.runner(minute).run(async () => {
      began.push(t.nowMs());
      if (began.length === 3) t.stop();
      return worked;
    }, t.signal);
    expect(began).toEqual([0, 63_000, 123_000]);
  });

  test('that takes longer than its interval is followed by the next run at once, and logs it once', async () => {
    const t = timetable();
    const began: number[] = [];
    let running = 0;
    const runner = t.runner(minute);
    await runner.run(async () => {
      running += 1;
      expect(running).toBe(1);
      began.push(t.nowMs());
      t.pass(began.length < 3 ? 90_000 : 10_000);
      await Promise.resolve();
      if (began.length === 4) t.stop();
      running -= 1;
      return worked;
    }, t.signal);
    expect(began).toEqual([0, 90_000, 180_000, 240_000]);
    expect(runner.status()).toMatchObject({ overruns: 2, runs: 3 });
    expect(t.logged).toEqual([expect.stringContaining('warn: Job prices took 90 s')]);
  });

  test('that is slow now and then logs it once an hour', async () => {
    const t = timetable();
    let runs = 0;
    await t.runner(minute).run(async () => {
      runs += 1;
      t.pass(runs % 2 === 0 ? 90_000 : 10_000);
      if (runs === 9) t.stop();
      return worked;
    }, t.signal);
    expect(t.logged).toEqual([expect.stringContaining('Job prices took 90 s')]);
  });

  test('that fails rests a second or two, then twice as long each time, up to a minute, until it works again', async () => {
    const t = timetable({ random: 0.5 });
    const runner = t.runner(minute);
    let runs = 0;
    await runner.run(async () => {
      runs += 1;
      const { failure } = runner.status();
      expect(failure).toBe(runs === 1 ? null : 'clob is unavailable for /books: connection refused');
      if (runs <= 8) throw away();
      t.stop();
      return worked;
    }, t.signal);
    expect(runs).toBe(9);
    expect(t.rests).toEqual([1_500, 3_000, 6_000, 12_000, 24_000, 45_000, 45_000, 45_000]);
  });

  test('logs the start and the end of an outage once', async () => {
    const t = timetable();
    const runner = t.runner(minute);
    let runs = 0;
    await runner.run(async () => {
      runs += 1;
      if (runs <= 5) throw away();
      if (runs === 8) t.stop();
      return worked;
    }, t.signal);
    expect(t.logged).toEqual([
      expect.stringMatching(/^warn: Job prices failed: .*connection refused/),
      'info: Job prices works again.',
    ]);
    expect(runner.status()).toMatchObject({ runs: 7, failures: 5, failure: null, items: 3, errors: 1 });
  });

  test('that fails because of a bug logs the stack as an error, and runs again', async () => {
    const t = timetable();
    let runs = 0;
    await t.runner(minute).run(async () => {
      runs += 1;
      if (runs === 1) throw new TypeError('undefined is not a function');
      t.stop();
      return worked;
    }, t.signal);
    expect(runs).toBe(2);
    expect(t.logged[0]).toMatch(/^error: .*undefined is not a function/);
  });

  test('ends the term when it is over or somebody else writes the plan', async () => {
    for (const error of [
      new TermOverError('its key disappeared'),
      new RevisionConflictError('shards', '1', undefined),
    ]) {
      const t = timetable();
      const running = t.runner(minute).run(() => Promise.reject(error), t.signal);
      await expect(running).rejects.toBe(error);
    }
  });

  test('is aborted when it exceeds its timeout', async () => {
    const t = timetable();
    const runner = t.runner({ ...minute, timeoutMs: 5 });
    let runs = 0;
    await runner.run(async (signal) => {
      runs += 1;
      if (runs === 1) await untilAborted(signal);
      t.stop();
      return worked;
    }, t.signal);
    expect(runs).toBe(2);
    expect(t.logged[0]).toContain('it did not finish within');
  });

  test('is aborted even if its work ignores the signal, and drops the result of that work', async () => {
    const t = timetable();
    const runner = t.runner({ ...minute, timeoutMs: 5 });
    const stuck = Promise.withResolvers<JobResult>();
    let runs = 0;
    await runner.run(async () => {
      runs += 1;
      if (runs === 1) return await stuck.promise;
      expect(runner.status()).toMatchObject({
        failures: 1,
        failure: expect.stringContaining('it did not finish within'),
      });
      t.stop();
      return worked;
    }, t.signal);
    expect(runs).toBe(2);
    stuck.resolve({ items: 77, errors: 0 });
    await stuck.promise;
    expect(runner.status().items).not.toBe(77);
  });

  test('that is stopped in the middle counts neither as succeeded nor as failed', async () => {
    const t = timetable();
    const runner = t.runner(minute);
    await runner.run(async (signal) => {
      t.stop();
      await untilAborted(signal);
      return worked;
    }, t.signal);
    expect(runner.status()).toMatchObject({ isRunning: false, runs: 0, failures: 0, failure: null });
    expect(t.logged).toEqual([]);
  });

  test('is off with an interval of 0', async () => {
    const t = timetable();
    await t.runner({ ...minute, intervalMs: 0 }).run(() => Promise.reject(new Error('ran')), t.signal);
    expect(t.logged).toEqual([]);
  });

  test('keeps its counts for the next term, but not the age of its oldest item', async () => {
    const first = timetable();
    const runner = first.runner(minute);
    for (let term = 0; term < 2; term += 1) {
      const ending = new AbortController();
      let runs = 0;
      await runner.run(async () => {
        runs += 1;
        if (runs === 2) ending.abort();
        return { ...worked, oldestAtMs: 1 };
      }, ending.signal);
    }
    expect(runner.status()).toMatchObject({ runs: 2, oldestAtMs: null });
  });
});

/** A clock that the test moves, on which rests pass at once, and a log that is kept. */
function timetable(o: { fromMs?: number; random?: number } = {}) {
  let nowMs = o.fromMs ?? 0;
  const stopping = new AbortController();
  const rests: number[] = [];
  const logged: string[] = [];
  const log = createLogger({ service: 'test', level: 'error' });
  const logAs = (level: string) => (_fields: unknown, words: string) => void logged.push(`${level}: ${words}`);
  const listening = Object.assign(Object.create(log) as Logger, {
    info: logAs('info'),
    warn: logAs('warn'),
    error: logAs('error'),
    debug: () => {},
  });
  const clock: JobClock = {
    nowMs: () => nowMs,
    rest: async (ms) => {
      rests.push(ms);
      nowMs += ms;
    },
  };
  return {
    signal: stopping.signal,
    stop: () => stopping.abort(new Error('stopped by the test')),
    nowMs: () => nowMs,
    pass: (ms: number) => {
      nowMs += ms;
    },
    rests,
    logged,
    runner: (schedule: JobSchedule) => new JobRunner({ schedule, log: listening, clock, random: () => o.random ?? 0 }),
  };
}

function away(): VenueUnavailableError {
  return new VenueUnavailableError({ host: 'clob', path: '/books' }, 'connection refused');
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
}
