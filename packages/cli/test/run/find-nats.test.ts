import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findNats } from '../../src/run/find-nats.ts';

describe('the NATS server of a command', () => {
  let dataDirPath: string;

  beforeEach(() => {
    dataDirPath = mkdtempSync(join(tmpdir(), 'polytape-test-'));
  });

  afterEach(() => rmSync(dataDirPath, { recursive: true, force: true }));

  const runtime = (text: string) => writeFileSync(join(dataDirPath, 'runtime.json'), text);
  const here = { natsUrl: null, composeEnv: null };
  /** A shell in which `docker compose` reads these files. */
  const compose = (texts: Record<string, string>, shell: Record<string, string> = {}) => {
    for (const [name, text] of Object.entries(texts)) writeFileSync(join(dataDirPath, name), text);
    const files = Object.keys(texts).map((name) => join(dataDirPath, name));
    return { natsUrl: null, dataDirPath, composeEnv: { ...shell, COMPOSE_ENV_FILES: files.join(',') } };
  };

  test('is the named one, even while a recorder runs', () => {
    runtime('{"natsUrl": "nats://127.0.0.1:1"}');
    expect(findNats({ ...here, natsUrl: 'nats://nats.example', dataDirPath })).toBe('nats://nats.example');
  });

  test('is otherwise that of the recorder running in the data directory', () => {
    runtime('{"natsUrl": "nats://127.0.0.1:1", "databaseUrl": "", "pids": {}, "http": {}}');
    expect(findNats({ ...here, dataDirPath })).toBe('nats://127.0.0.1:1');
    expect(findNats(compose({ '.env': 'NATS_PASSWORD=secret' }))).toBe('nats://127.0.0.1:1');
  });

  test('is otherwise that of docker compose, with the password and the port from .env', () => {
    expect(findNats(compose({ '.env': '# a comment\nNATS_PASSWORD="se/cret"\n' }))).toBe(
      'nats://polytape:se%2Fcret@127.0.0.1:4222',
    );
    expect(findNats(compose({ '.env': 'NATS_PASSWORD=a\nNATS_PORT=5222' }))).toBe('nats://polytape:a@127.0.0.1:5222');
  });

  test('follows the file that docker compose reads last, and the shell before any file', () => {
    const files = { '.env': 'NATS_PASSWORD=a\nNATS_PORT=5222', 'demo.env': 'NATS_PORT=14222' };
    expect(findNats(compose(files))).toBe('nats://polytape:a@127.0.0.1:14222');
    expect(findNats(compose(files, { NATS_PASSWORD: 'b' }))).toBe('nats://polytape:b@127.0.0.1:14222');
  });

  test('is the NATS_URL of .env if there is one', () => {
    expect(findNats(compose({ '.env': 'NATS_URL=nats://nats.example\nNATS_PASSWORD=a' }))).toBe('nats://nats.example');
  });

  test('cannot be found when nothing runs, and the error says what to do', () => {
    expect(() => findNats({ ...here, dataDirPath })).toThrow(/No recorder runs here.*--nats-url/);
    expect(() => findNats(compose({ '.env': 'NATS_PASSWORD=' }))).toThrow(/no \.env with NATS_PASSWORD/);
  });

  test('cannot be found when runtime.json is damaged', () => {
    runtime('{');
    expect(() => findNats({ ...here, dataDirPath })).toThrow(/damaged/);
  });
});
