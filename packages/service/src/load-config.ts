import type { Config, ConfigOrder, ConfigTable } from './config-table.ts';

/**
 * Reads and checks every setting of the table, and the pairs of `order`. An empty variable counts as not set.
 *
 * @throws {ConfigError} One or more values are invalid. The message names all of them and prints no secret.
 */
export function loadConfig<T extends ConfigTable>(
  table: T,
  env: Record<string, string | undefined>,
  order: ConfigOrder<T> = [],
): Config<T> {
  const values: Record<string, unknown> = {};
  const mistakes: string[] = [];
  for (const [name, setting] of Object.entries(table)) {
    const given = env[name]?.trim() || null;
    const text = given ?? setting.defaultText;
    if (text === null) {
      mistakes.push(`${name} is not set; it must be ${setting.takes}`);
      continue;
    }
    const parsed = setting.schema.safeParse(text);
    if (parsed.success) values[name] = parsed.data;
    else mistakes.push(`${name}${setting.secret ? '' : ` is ${JSON.stringify(text)}, but`} must be ${setting.takes}`);
  }
  const shown = (name: string) => `${values[name]}${env[name]?.trim() ? '' : ' by default'}`;
  for (const [lower, upper] of order) {
    if (Number(values[lower]) > Number(values[upper])) {
      mistakes.push(`${lower} is ${shown(lower)}, but must not be above ${upper}, which is ${shown(upper)}`);
    }
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return values as Config<T>;
}

/** The environment holds invalid settings: a person must correct them. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly disposition = 'stop';
  readonly operatorAction = 'Correct these environment variables, then start again.';
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[]) {
    super(`Wrong configuration: ${mistakes.join('; ')}.`);
    this.mistakes = mistakes;
  }
}
