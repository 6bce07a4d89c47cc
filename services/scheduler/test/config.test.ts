import { loadConfig } from '@polytape/service';
import { describe, expect, test } from 'vitest';
import { configTable, planLimits, settingsNotice } from '../src/config.ts';

describe('a target above the maximum of a shard', () => {
  const config = loadConfig(configTable, { SHARD_TOKENS_MAX: '300' });

  test('is the maximum, and that is said', () => {
    expect(planLimits(config)).toMatchObject({ tokensTarget: 300, tokensMax: 300 });
    expect(settingsNotice(config)).toBe(
      'SHARD_TOKENS_TARGET (400) is above SHARD_TOKENS_MAX (300): shards are filled to 300 tokens.',
    );
  });

  test('is worth a word only where it is', () => {
    expect(settingsNotice(loadConfig(configTable, {}))).toBeNull();
  });
});
