import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Trouble } from '../../src/connection/trouble.ts';
import { RecordedLog } from '../read/recorded-log.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a lasting trouble', () => {
  test('is said at once, then every 30 s, then that it is over', () => {
    const log = new RecordedLog();
    const trouble = new Trouble(log);
    for (let second = 0; second < 65; second += 1) {
      trouble.tell({}, `down for ${second} s`);
      vi.advanceTimersByTime(1_000);
    }
    trouble.over({}, 'up');
    trouble.over({}, 'up');
    expect(log.entries.map(({ sentence }) => sentence)).toEqual([
      'down for 0 s',
      'down for 30 s',
      'down for 60 s',
      'up',
    ]);
  });

  test('that was never said is not said to be over', () => {
    const log = new RecordedLog();
    new Trouble(log).over({}, 'up');
    expect(log.entries).toEqual([]);
  });

  test('that comes again after its end is said at once', () => {
    const log = new RecordedLog();
    const trouble = new Trouble(log, 'error');
    trouble.tell({}, 'down');
    trouble.over({}, 'up');
    trouble.tell({}, 'down again');
    expect(log.entries.map(({ level }) => level)).toEqual(['error', 'info', 'error']);
  });
});
