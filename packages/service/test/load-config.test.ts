import { describe, expect, test } from 'vitest';
import { ConfigError, choice, configDocs, integer, loadConfig, text, url } from '../src/index.ts';

const table = {
  ROWS_MAX: integer({ default: 5_000, min: 1, max: 10_000, description: 'Rows at most.' }),
  LEVEL: choice({ default: 'info', values: ['info', 'warn'], description: 'Minimum level.' }),
  SERVER_URL: url({ default: 'nats://localhost', protocols: ['nats:'], secret: true, description: 'The server.' }),
  SPARE_URL: url({ default: '', protocols: ['nats:'], description: 'Another server.' }),
  NAME: text({ default: '', takes: 'a name', description: 'A name.' }),
};

function mistakes(env: Record<string, string>): readonly string[] {
  try {
    loadConfig(table, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
  return [];
}

describe('a configuration', () => {
  test('has the defaults of its table for absent and empty variables', () => {
    const expected = { ROWS_MAX: 5_000, LEVEL: 'info', SERVER_URL: 'nats://localhost', SPARE_URL: '', NAME: '' };
    expect(loadConfig(table, {})).toEqual(expected);
    expect(loadConfig(table, { ROWS_MAX: '', LEVEL: '  ', SERVER_URL: '' })).toEqual(expected);
  });

  test('takes its values from the environment', () => {
    const env = {
      ROWS_MAX: '10000',
      LEVEL: 'warn',
      SERVER_URL: 'nats://me:secret@db:1',
      SPARE_URL: 'nats://x',
      NAME: 'n',
    };
    expect(loadConfig(table, env)).toEqual({ ...env, ROWS_MAX: 10_000 });
  });

  test.each(['0', '10001', '1.5', '-1', '1e3', 'many', '0x10'])(
    'rejects %s for a whole number from 1 to 10000',
    (ROWS_MAX) => {
      expect(mistakes({ ROWS_MAX })).toEqual([`ROWS_MAX is "${ROWS_MAX}", but must be a whole number from 1 to 10000`]);
    },
  );

  test('rejects a wait that is longer than a timer can be', () => {
    const wait = { WAIT_MS: integer({ default: 1, min: 1, description: 'A wait.' }) };
    expect(() => loadConfig(wait, { WAIT_MS: '2592000000' })).toThrow(ConfigError);
    expect(loadConfig(wait, { WAIT_MS: '2147483647' })).toEqual({ WAIT_MS: 2_147_483_647 });
  });

  test('names every mistake at once', () => {
    expect(mistakes({ ROWS_MAX: '0', LEVEL: 'loud', SPARE_URL: 'http://x' })).toHaveLength(3);
  });

  test('rejects contradictory settings, defaults included, together with every other mistake', () => {
    const pair = {
      WAIT_MS_MIN: integer({ default: 5, min: 0, description: 'A short wait.' }),
      WAIT_MS_MAX: integer({ default: 50, min: 0, description: 'A long wait.' }),
      LEVEL: table.LEVEL,
    };
    const load = (env: Record<string, string>) => loadConfig(pair, env, [['WAIT_MS_MIN', 'WAIT_MS_MAX']]);
    expect(load({ WAIT_MS_MIN: '50' })).toMatchObject({ WAIT_MS_MIN: 50, WAIT_MS_MAX: 50 });
    const refusal = (mistake: string) => expect.objectContaining({ mistakes: [expect.any(String), mistake] });
    expect(() => load({ WAIT_MS_MIN: '51', LEVEL: 'loud' })).toThrow(
      refusal('WAIT_MS_MIN is 51, but must not be above WAIT_MS_MAX, which is 50 by default'),
    );
    expect(() => load({ WAIT_MS_MIN: '9', WAIT_MS_MAX: '8', LEVEL: 'loud' })).toThrow(
      refusal('WAIT_MS_MIN is 9, but must not be above WAIT_MS_MAX, which is 8'),
    );
    expect(() => load({ WAIT_MS_MIN: '51', WAIT_MS_MAX: 'long' })).toThrow(/WAIT_MS_MAX is "long", but must be/);
  });

  test('does not print an invalid secret', () => {
    const [mistake] = mistakes({ SERVER_URL: 'nat://me:hunter2@db' });
    expect(mistake).toContain('SERVER_URL must be an address that starts with nats://');
    expect(mistake).not.toContain('hunter2');
  });
});

describe('the documentation of a table', () => {
  test('has a row for each setting, with its default', () => {
    expect(configDocs(table).split('\n')).toHaveLength(2 + 5);
    expect(configDocs(table)).toContain('| `ROWS_MAX` | a whole number from 1 to 10000 | `5000` | Rows at most. |');
  });
});
