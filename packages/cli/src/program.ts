import { resolve } from 'node:path';
import { loadConfig } from '@polytape/service';
import { createVenueSimCommand } from '@polytape/venue-sim';
import { Command, InvalidArgumentError, type OutputConfiguration } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { configTable } from './config.ts';
import { migrate } from './operator/migrate.ts';
import { operatorCommands } from './operator/operator-commands.ts';
import { demo } from './run/demo.ts';
import { start } from './run/start.ts';
import { failureOf, type RunResult, renderSummary } from './run/summary.ts';
import { durationArgument } from './terminal/duration.ts';
import { Terminal } from './terminal/terminal.ts';

/**
 * The command line of `polytape`. `run` returns the exit code: 0, or 1 when a command failed.
 *
 * @throws {CommanderError} Wrong usage, or a request for help; commander has printed the text.
 */
export function createProgram({ env, signal }: { env: Record<string, string | undefined>; signal: AbortSignal }): {
  run: (argv: readonly string[]) => Promise<number>;
} {
  let exitCode = 0;
  const program = new Command('polytape')
    .description('The recorder of Polymarket: every trade, stored once.')
    .version(packageJson.version, '--version', 'print the version')
    .exitOverride()
    .helpCommand(false);

  const runOptions = (flags: RunFlags) => {
    const config = loadConfig(configTable, env);
    return {
      dataDirPath: config.POLYTAPE_DATA_DIR,
      natsServerBin: config.NATS_SERVER_BIN || null,
      natsUrl: config.NATS_URL || null,
      databaseUrl: config.DATABASE_URL || null,
      forMs: flags.for ?? null,
      ingestors: flags.ingestors,
      cpuProfDir: flags.cpuProf === undefined ? null : resolve(flags.cpuProf),
      // With --json the summary is the last line of standard output, so text for people goes to standard error.
      terminal: new Terminal(flags.json ? process.stderr : process.stdout),
      signal,
    };
  };
  const finish = (result: RunResult, options: { terminal: Terminal; dataDirPath: string }, flags: RunFlags) => {
    const { terminal } = options;
    const { summary } = result;
    terminal.clear();
    for (const line of renderSummary(result)) terminal.say(line);
    const failure = failureOf(result);
    if (failure === null && summary.executed !== null) {
      terminal.say('Nothing is missing and nothing is stored twice. `npx pnpm start` records the live venue.');
    } else if (failure !== null) {
      terminal.say(
        `Failed: ${failure} The logs are in ${resolve(options.dataDirPath, summary.executed === null ? 'live' : 'demo', 'logs')}.`,
      );
      exitCode = 1;
    }
    if (flags.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
  };

  withRunFlags(program.command('demo'))
    .description('Records a simulated venue, offline, and compares the database with what the venue executed.')
    .option('--markets <number>', 'number of markets that the venue lists', positive, 600)
    .option('--trades-per-second <number>', 'mean rate of trades', positive, 200)
    .option('--seed <text>', 'name of the venue: the same seed gives the same markets', 'polytape')
    .addHelpText(
      'after',
      '\nExamples:\n  npx pnpm demo\n  npx pnpm demo --for 30s --json\n  npx pnpm demo --trades-per-second 2000 --markets 2000\n\n' +
        'Exit code: 0 if everything was recorded once; 1 if trades are missing or stored twice, a service did not stop cleanly, or nothing was recorded; 2 for wrong usage.',
    )
    .action(async (flags: RunFlags & { markets: number; tradesPerSecond: number; seed: string }) => {
      const options = {
        ...runOptions(flags),
        markets: flags.markets,
        tradesPerSecond: flags.tradesPerSecond,
        seed: flags.seed,
      };
      finish(await demo(options), options, flags);
    });

  withRunFlags(program.command('start'))
    .description(
      'Records the live venue, or the one named by POLYMARKET_*_URL. Starts its own NATS and PostgreSQL unless NATS_URL and DATABASE_URL name yours.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  npx pnpm start\n  npx pnpm start --ingestors 3\n  DATABASE_URL=postgresql://me@db/tape npx pnpm start\n\n' +
        'Exit code: 0 after an orderly stop; 1 if something could not start, a service did not stop cleanly, or --for ended with nothing\n' +
        'recorded because a service was never ready (no connection to the venue, for example); 2 for wrong usage.',
    )
    .action(async (flags: RunFlags) => {
      const options = { ...runOptions(flags), env };
      finish(await start(options), options, flags);
    });

  program
    .command('migrate')
    .description('Brings the schema of DATABASE_URL up to date. The writer does the same when it starts.')
    .addHelpText('after', '\nExample:\n  DATABASE_URL=postgresql://me@db/tape npx pnpm polytape migrate')
    .action(async () => {
      process.stdout.write(`${await migrate(loadConfig(configTable, env).DATABASE_URL || null, signal)}\n`);
    });

  const failed = () => {
    exitCode = 1;
  };
  for (const command of operatorCommands({ env, signal, failed })) {
    program.addCommand(command.copyInheritedSettings(program));
  }

  program.addCommand(
    createVenueSimCommand({ stopSignal: () => signal, calledAs: `${CALLED_AS} venue-sim` }).exitOverride(),
  );

  // Commander's own help command prints the whole list when the name is mistyped.
  program
    .command('help')
    .argument('[command]')
    .description('Shows the usage of a command.')
    .action((name: string | undefined) => {
      const command = name === undefined ? program : program.commands.find((one) => one.name() === name);
      if (command === undefined) return program.error(`unknown command '${name}'`);
      command.help();
    });

  program.configureOutput(oneLine(`${CALLED_AS} help`));
  for (const command of program.commands) {
    command.configureOutput(oneLine(`${CALLED_AS} ${command.name()} --help`));
  }

  return {
    run: async (argv) => {
      await program.parseAsync(argv);
      return exitCode;
    },
  };
}

const CALLED_AS = 'npx pnpm polytape';

/** Reports wrong usage in one line that says what to do, like every other error. Commander's own text does not. */
function oneLine(help: string): OutputConfiguration {
  return {
    outputError: (text, write) => {
      const what = text
        .replace(/^error: /, '')
        .replace(/^option '([^']+)' argument ('.*') is invalid\. /s, '$1 cannot be $2. ')
        .replace(/^command-argument value ('.*') is invalid for argument '([^']+)'\. /s, '<$2> cannot be $1. ')
        .replace(/:\/\/[^/@\s]*@/g, '://***@') // an address may hold a password
        .replace(/\s+/g, ' ')
        .replace(/[\s.]+$/, '');
      write(`polytape: ${what}. \`${help}\` shows the usage.\n`);
    },
  };
}

type RunFlags = { for?: number; json?: boolean; ingestors: number; cpuProf?: string };

function withRunFlags(command: Command): Command {
  return command
    .exitOverride()
    .option('--for <duration>', 'stop after this time, such as 30s, 5m or 2h', durationArgument)
    .option('--json', 'print the summary as JSON, on the last line of standard output')
    .option('--ingestors <number>', 'number of ingestor processes, which share the shards', positive, 1)
    .option('--cpu-prof <directory>', 'write a CPU profile of each service into this directory when it stops');
}

function positive(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new InvalidArgumentError('It must be a whole number of at least 1.');
  return number;
}
