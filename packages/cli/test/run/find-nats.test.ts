import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findNats } from '../../src/run/find-nats.ts';

describe('the NATS server that a command speaks to', () => {
  let dataDirPath: string;

  beforeEach(() => {
    dataDirPath = mkdtempSync(join(tmpdir(), 'polytape-test-'));
  });

  afterEach(() => rmSync(dataDirPath, { recursive: true, force: true }));

  const runtime = (text: string) => writeFileSync(join(dataDirPath, 'runtime.json'), text);

  test('is the one that is named, whatever runs', () => {
    runtime('{"natsUrl": "nats://127.0.0.1:1"}');
    expect(findNats({ natsUrl: 'nats://nats.example', dataDirPath })).toBe('nats://nats.example');
  });

  test('is else that of the recorder that runs in the data directory', () => {
    runtime('{"natsUrl": "nats://127.0.0.1:1", "databaseUrl": "", "pids": {}, "http": {}}');
    expect(findNats({ natsUrl: null, dataDirPath })).toBe('nats://127.0.0.1:1');
  });

  test('is nowhere when nothing runs, and the words say what to do', () => {
    expect(() => findNats({ natsUrl: null, dataDirPath })).toThrow(/No recorder runs here.*--nats-url/);
  });

  test('is nowhere when the file is damaged', () => {
    runtime('{');
    expect(() => findNats({ natsUrl: null, dataDirPath })).toThrow(/damaged/);
  });
});
