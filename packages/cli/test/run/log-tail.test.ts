import { appendFileSync, mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LogTail } from '../../src/run/log-tail.ts';

describe('the tail of a log file', () => {
  test('passes on each line written after it was opened, whole and once', async () => {
    using log = logFile();
    log.append('before\n');
    await using tail = await log.follow();
    log.append('one\ntw');
    await log.said('one');
    log.append('o €\n');
    await log.said('two €');
    expect(log.lines).toEqual(['one', 'two €']);
    await tail[Symbol.asyncDispose]();
  });

  test('starts over when the file is truncated', async () => {
    using log = logFile();
    await using _tail = await log.follow();
    log.append('a line that is longer\n');
    await log.said('a line that is longer');
    truncateSync(log.path);
    log.append('short\n');
    await log.said('short');
  });

  test('passes on the last words of an exited process, even without a line break', async () => {
    using log = logFile();
    const tail = await log.follow();
    log.append('out of memory\nlast words');
    await tail[Symbol.asyncDispose]();
    expect(log.lines).toEqual(['out of memory', 'last words']);
  });
});

/** A log file in its own directory, and the lines that its tail has passed on. */
function logFile() {
  const directory = mkdtempSync(join(tmpdir(), 'polytape-test-log-'));
  const path = join(directory, 'service.log');
  const lines: string[] = [];
  let changed = Promise.withResolvers<void>();
  appendFileSync(path, '');
  return {
    path,
    lines,
    append: (text: string) => appendFileSync(path, text),
    follow: () =>
      LogTail.open(path, (line) => {
        lines.push(line);
        changed.resolve();
        changed = Promise.withResolvers();
      }),
    async said(line: string): Promise<void> {
      while (!lines.includes(line)) await changed.promise;
    },
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}
