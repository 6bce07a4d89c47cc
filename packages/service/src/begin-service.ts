import { configHelp } from './config-docs.ts';
import type { Config, ConfigOrder, ConfigTable } from './config-table.ts';
import { ConfigError, loadConfig } from './load-config.ts';
import { createLogger, type Logger } from './logger.ts';
import type { processSettings } from './shared-settings.ts';
import { endOnFatalError, type Stop, stopOnSignal } from './stop.ts';

/**
 * The first lines of every service. Answers `--help`, rejects arguments (exit code 2), reads the configuration (exit code 1
 * and one line that names every mistake; with `--check` that is all), and installs the handlers that end the process.
 */
export function beginService<T extends ConfigTable & typeof processSettings>(o: {
  name: string;
  /** One sentence for `--help`. */
  purpose: string;
  /** Includes `processSettings`, which every process has. */
  table: T;
  /** Pairs of settings that must not contradict each other. */
  order?: ConfigOrder<T>;
  argv: readonly string[];
  env: Record<string, string | undefined>;
}): { config: Config<T>; log: Logger; stop: Stop } {
  const answer = commandLineAnswer(o, o.argv);
  if (answer !== null) exitWith(answer.text, answer.exitCode);
  const config = readConfig(o);
  if (o.argv[0] === CHECK) process.exit(0);
  // TypeScript does not infer from the mapped type that a table with these settings has values for them.
  const own = config as unknown as Config<typeof processSettings>;
  const log = createLogger({ service: o.name, level: own.LOG_LEVEL });
  const stop = stopOnSignal({ deadlineMs: own.STOP_DEADLINE_MS, log });
  endOnFatalError(log, stop);
  return { config, log, stop };
}

/**
 * Answers the command line of a service, which has no arguments but `--help` and `--check`: everything else is set by
 * environment variables. Null if the service should go on; otherwise the text to print and the exit code.
 */
function commandLineAnswer(
  service: { name: string; purpose: string; table: ConfigTable },
  args: readonly string[],
): { text: string; exitCode: 0 | 2 } | null {
  const [first] = args;
  if (first === undefined || first === CHECK) return null;
  if (first === '--help' || first === '-h') {
    const help = `${service.name}: ${service.purpose}\n\n${CHECK} checks the settings and exits. Environment variables:\n${configHelp(service.table)}`;
    return { text: help, exitCode: 0 };
  }
  return { text: `${service.name}: unknown argument ${JSON.stringify(first)}; see --help.`, exitCode: 2 };
}

/** Checks the settings, reports mistakes, and exits. */
const CHECK = '--check';

function readConfig<T extends ConfigTable>(o: {
  name: string;
  table: T;
  order?: ConfigOrder<T>;
  env: Record<string, string | undefined>;
}): Config<T> {
  try {
    return loadConfig(o.table, o.env, o.order);
  } catch (error) {
    if (error instanceof ConfigError) exitWith(`${o.name}: ${error.message} ${error.operatorAction}`, 1);
    throw error;
  }
}

function exitWith(text: string, exitCode: number): never {
  (exitCode === 0 ? process.stdout : process.stderr).write(`${text}\n`);
  process.exit(exitCode);
}
