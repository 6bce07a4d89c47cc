import { configHelp } from './config-docs.ts';
import type { ConfigTable } from './config-table.ts';

/**
 * The command line of a service: it takes no arguments but `--help` and `--check`, for everything is set by the environment.
 * Null when the service is to read it; otherwise what to print and the exit code to end with.
 */
export function commandLineAnswer(
  service: { name: string; purpose: string; table: ConfigTable },
  args: readonly string[],
): { text: string; exitCode: 0 | 2 } | null {
  const [first] = args;
  if (first === undefined || first === CHECK) return null;
  if (first === '--help' || first === '-h') {
    const help = `${service.name}: ${service.purpose}\n\nWith ${CHECK} it ends when it has read its settings. Set by environment variables:\n${configHelp(service.table)}`;
    return { text: help, exitCode: 0 };
  }
  return { text: `${service.name}: unknown argument ${JSON.stringify(first)}; see --help.`, exitCode: 2 };
}

/** Read the settings, say what is wrong with them, and end. */
export const CHECK = '--check';
