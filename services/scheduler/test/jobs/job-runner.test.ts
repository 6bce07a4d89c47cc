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
  ])('runs at once, and then in its intervals (on the clock: %s)', async (isOnTheClock, expected) => {
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

  test('begins a little late by chance, and never in the interval before', async () => {
    const t = timetable({ random: 0.5 });
    const began: number[] = [];
    await t.runner(minute).run(async () => {
      began.push(t.nowMs());
      if (began.length === 3) t.stop();
      return worked;
    }, t.signal);
    expect(began).toEqual([0, 63_000, 123_000]);
  });

  test('that takes longer than its interval is followed by the next run at once, and says so once', async () => {
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
    expect(t.said).toEqual([expect.stringContaining('warn: A run of the job prices took 90 s')]);
  });

  test('that is too slow now and then says so once an hour', async () => {
    const t = timetable();
    let runs = 0;
    await t.runner(minute).run(async () => {
      runs += 1;
      t.pass(runs % 2 === 0 ? 90_000 : 10_000);
      if (runs === 9) t.stop();
      return worked;
    }, t.signal);
    expect(t.said).toEqual([expect.stringContaining('A run of the job prices took 90 s')]);
  });

  test('that fails rests a second or two, then twice as long each time, up to a minute, and works again', async () => {
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

  test('says an outage once, and its end once', async () => {
    const t = timetable();
    const runner = t.runner(minute);
    let runs = 0;
    await runner.run(async () => {
      runs += 1;
      if (runs <= 5) throw away();
      if (runs === 8) t.stop();
      return worked;
    }, t.signal);
    expect(t.said).toEqual([
      expect.stringMatching(/^warn: The job prices failed: .*connection refused/),
      'info: The job prices works again.',
    ]);
    expect(runner.status()).toMatchObject({ runs: 7, failures: 5, failure: null, items: 3, errors: 1 });
  });

  test('that fails by a bug of ours is an error with its place, and runs again all the same', async () => {
    const t = timetable();
    let runs = 0;
    await t.runner(minute).run(async () => {
      runs += 1;
      if (runs === 1) throw new TypeError('undefined is not a function');
      t.stop();
      return worked;
    }, t.signal);
    expect(runs).toBe(2);
    expect(t.said[0]).toMatch(/^error: .*undefined is not a function/);
  });

  test('ends the term when the term is over or somebody else writes the plan', async () => {
    for (const error of [new TermOverError('its key was gone'), new RevisionConflictError('shards', '1', undefined)]) {
      const t = timetable();
      const running = t.runner(minute).run(() => Promise.reject(error), t.signal);
      await expect(running).rejects.toBe(error);
    }
  });

  test('is given up when it takes longer than it may', async () => {
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
    expect(t.said[0]).toContain('it was not done after');
  });

  test('is given up also when its work does not notice, and the work is left behind', async () => {
    const t = timetable();
    const runner = t.runner({ ...minute, timeoutMs: 5 });
    const stuck = Promise.withResolvers<JobResult>();
    let runs = 0;
    await runner.run(async () => {
      runs += 1;
      if (runs === 1) return await stuck.promise;
      expect(runner.status()).toMatchObject({ failures: 1, failure: expect.stringContaining('it was not done after') });
      t.stop();
      return worked;
    }, t.signal);
    expect(runs).toBe(2);
    stuck.resolve({ items: 77, errors: 0 });
    await stuck.promise;
    expect(runner.status().items).not.toBe(77);
  });

  test('that is stopped in the middle has neither worked nor failed', async () => {
    const t = timetable();
    const runner = t.runner(minute);
    await runner.run(async (signal) => {
      t.stop();
      await untilAborted(signal);
      return worked;
    }, t.signal);
    expect(runner.status()).toMatchObject({ isRunning: false, runs: 0, failures: 0, failure: null });
    expect(t.said).toEqual([]);
  });

  test('with an interval of 0 is switched off', async () => {
    const t = timetable();
    await t.runner({ ...minute, intervalMs: 0 }).run(() => Promise.reject(new Error('ran')), t.signal);
    expect(t.said).toEqual([]);
  });

  test('goes on counting in the next term, and forgets how old its things are', async () => {
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

/** A clock that the test moves: rests pass at once, and what was logged is kept. */
function timetable(o: { fromMs?: number; random?: number } = {}) {
  let nowMs = o.fromMs ?? 0;
  const stopping = new AbortController();
  const rests: number[] = [];
  const said: string[] = [];
  const log = createLogger({ service: 'test', level: 'error' });
  const say = (level: string) => (_fields: unknown, words: string) => void said.push(`${level}: ${words}`);
  const listening = Object.assign(Object.create(log) as Logger, {
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
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
    said,
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
