import { loadConfig } from '@polytape/service';
import { describe, expect, test } from 'vitest';
import { configTable, jobSettings, planLimits, settingsNotice } from '../src/config.ts';

describe('a target above the maximum of a shard', () => {
  const config = loadConfig(configTable, { SHARD_TOKENS_MAX: '300' });

  test('is cut to the maximum, with a warning', () => {
    expect(planLimits(config)).toMatchObject({ tokensTarget: 300, tokensMax: 300 });
    expect(settingsNotice(config)).toBe(
      'SHARD_TOKENS_TARGET (400) exceeds SHARD_TOKENS_MAX (300). Filling shards to 300 tokens.',
    );
  });

  test('is the only reason for that warning', () => {
    expect(settingsNotice(loadConfig(configTable, {}))).toBeNull();
  });
});

describe('an interval', () => {
  const WEEK_MS = 7 * 24 * 60 * 60_000;
  const MAX = ['DISCOVERY', 'DISCOVERY_SCAN', 'PRICES', 'BOOKS', 'RESOLUTIONS'].map((job) => `${job}_INTERVAL_MS`);

  test('is at most a week, and its timeout fits a timer', () => {
    const config = loadConfig(configTable, Object.fromEntries(MAX.map((name) => [name, String(WEEK_MS)])));
    for (const { intervalMs, timeoutMs } of Object.values(jobSettings(config).schedules)) {
      expect(intervalMs).toBe(WEEK_MS);
      expect(timeoutMs).toBeLessThan(2 ** 31);
    }
    for (const name of MAX) expect(() => loadConfig(configTable, { [name]: String(WEEK_MS + 1) })).toThrow(name);
  });
});
