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
  const here = { natsUrl: null, composeEnv: null };
  /** A shell in which `docker compose` reads these files. */
  const compose = (texts: Record<string, string>, shell: Record<string, string> = {}) => {
    for (const [name, text] of Object.entries(texts)) writeFileSync(join(dataDirPath, name), text);
    const files = Object.keys(texts).map((name) => join(dataDirPath, name));
    return { natsUrl: null, dataDirPath, composeEnv: { ...shell, COMPOSE_ENV_FILES: files.join(',') } };
  };

  test('is the one that is named, whatever runs', () => {
    runtime('{"natsUrl": "nats://127.0.0.1:1"}');
    expect(findNats({ ...here, natsUrl: 'nats://nats.example', dataDirPath })).toBe('nats://nats.example');
  });

  test('is else that of the recorder that runs in the data directory', () => {
    runtime('{"natsUrl": "nats://127.0.0.1:1", "databaseUrl": "", "pids": {}, "http": {}}');
    expect(findNats({ ...here, dataDirPath })).toBe('nats://127.0.0.1:1');
    expect(findNats(compose({ '.env': 'NATS_PASSWORD=secret' }))).toBe('nats://127.0.0.1:1');
  });

  test('is else that of docker compose, with the password and the port of its .env', () => {
    expect(findNats(compose({ '.env': '# a comment\nNATS_PASSWORD="se/cret"\n' }))).toBe(
      'nats://polytape:se%2Fcret@127.0.0.1:4222',
    );
    expect(findNats(compose({ '.env': 'NATS_PASSWORD=a\nNATS_PORT=5222' }))).toBe('nats://polytape:a@127.0.0.1:5222');
  });

  test('is that of the file that docker compose reads last, and of the shell before any file', () => {
    const files = { '.env': 'NATS_PASSWORD=a\nNATS_PORT=5222', 'demo.env': 'NATS_PORT=14222' };
    expect(findNats(compose(files))).toBe('nats://polytape:a@127.0.0.1:14222');
    expect(findNats(compose(files, { NATS_PASSWORD: 'b' }))).toBe('nats://polytape:b@127.0.0.1:14222');
  });

  test('is the address that .env names, when it does', () => {
    expect(findNats(compose({ '.env': 'NATS_URL=nats://nats.example\nNATS_PASSWORD=a' }))).toBe('nats://nats.example');
  });

  test('is nowhere when nothing runs, and the words say what to do', () => {
    expect(() => findNats({ ...here, dataDirPath })).toThrow(/No recorder runs here.*--nats-url/);
    expect(() => findNats(compose({ '.env': 'NATS_PASSWORD=' }))).toThrow(/no \.env with NATS_PASSWORD/);
  });

  test('is nowhere when the file is damaged', () => {
    runtime('{');
    expect(() => findNats({ ...here, dataDirPath })).toThrow(/damaged/);
  });
});
