import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DataDir, DataDirError } from '../../src/run/data-dir.ts';
import { writeRuntimeFile } from '../../src/run/runtime-file.ts';

let path: string;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'polytape-data-'));
});
afterEach(() => rmSync(path, { recursive: true, force: true }));

describe('a data directory', () => {
  test('belongs to one process at a time', () => {
    using _held = DataDir.take(path);
    expect(() => DataDir.take(path)).toThrow(`another polytape (process ${process.pid}) is running in ${path}`);
  });

  test('is free again afterwards, without its runtime file', () => {
    {
      using held = DataDir.take(path);
      writeRuntimeFile(held.runtimeFile, { natsUrl: 'n', databaseUrl: 'd', pids: { nats: 1 }, http: {} });
      expect(JSON.parse(readFileSync(held.runtimeFile, 'utf8'))).toEqual({
        natsUrl: 'n',
        databaseUrl: 'd',
        pids: { nats: 1 },
        http: {},
      });
    }
    expect(existsSync(join(path, 'runtime.json'))).toBe(false);
    using _again = DataDir.take(path);
  });

  test('is free after its owner was killed', () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    writeFileSync(join(path, 'lock'), `${pid} 1\n`);
    using _held = DataDir.take(path);
  });

  test.each(['', '0 1\n', 'rubbish', '1 1\n'])('is free when its lock holds %j: no owner, or a reused id', (lock) => {
    writeFileSync(join(path, 'lock'), lock);
    using _held = DataDir.take(path);
  });

  test('is created together with its parents', () => {
    using held = DataDir.take(join(path, 'a', 'b'));
    expect(existsSync(held.directory('demo', 'logs'))).toBe(true);
  });

  test.skipIf(process.platform !== 'linux')('below /proc is an error instead of an endless loop (Linux only)', () => {
    expect(() => DataDir.take('/proc/polytape/data')).toThrow(DataDirError);
  });

  test('that is not writable is an error that names the setting', () => {
    writeFileSync(join(path, 'file'), '');
    const below = join(path, 'file', 'data');
    expect(() => DataDir.take(below)).toThrow(DataDirError);
    expect(() => DataDir.take(below)).toThrow(`POLYTAPE_DATA_DIR: cannot write to ${below}`);
  });
});
