import { loadConfig, shownJson, shownText } from '@polytape/service';
import { Command, InvalidArgumentError, Option } from 'commander';
import { CommandError } from '../command-error.ts';
import { configTable } from '../config.ts';
import type { RecorderAddress } from '../run/find-nats.ts';
import { durationArgument } from '../terminal/duration.ts';
import { recycle } from './recycle.ts';
import { status } from './status.ts';
import { renderSubscribed, subscribe } from './subscribe.ts';

/** The commands that talk to a running recorder. They call `failed` to end with exit code 1 without an error message. */
export function operatorCommands(o: {
  env: Record<string, string | undefined>;
  signal: AbortSignal;
  failed: () => void;
}): Command[] {
  const { env, signal } = o;
  const addressOf = (flags: AddressFlags): RecorderAddress => {
    const config = loadConfig(configTable, env);
    return {
      natsUrl: flags.natsUrl ?? (flags.dataDir === undefined ? config.NATS_URL || null : null),
      dataDirPath: flags.dataDir ?? config.POLYTAPE_DATA_DIR,
      composeEnv: flags.dataDir === undefined ? env : null,
    };
  };

  /** Ctrl-C ends a command silently: the recorder finishes what it began, and a watch has no other end. */
  const unlessStopped = async (act: () => Promise<void>) => {
    try {
      await act();
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  };

  const statusCommand = withAddress(new Command('status'))
    .description('Shows the state of a running recorder: figures, problems, shards, connections, jobs.')
    .option('--watch', 'refresh every two seconds until Ctrl-C')
    .option('--all', 'show all rows of the tables, not just the first twenty')
    .option('--json', 'print one line of JSON on standard output')
    .addHelpText(
      'after',
      examples(
        'npx pnpm polytape status',
        'npx pnpm polytape status --watch',
        'npx pnpm polytape status --json | jq .figures',
        'NATS_URL=nats://nats.example npx pnpm polytape status --all',
      ),
    )
    .action(async (flags: AddressFlags & { watch?: boolean; all?: boolean; json?: boolean }) => {
      const { json = false, all = false, watch = false } = flags;
      const options = { isJson: json, isWhole: all, isWatching: watch, signal };
      await unlessStopped(() => status({ address: addressOf(flags), output: process.stdout, ...options }));
    });

  const subscribeCommand = withAddress(new Command('subscribe'))
    .description(
      'Records a market now, without waiting for discovery, and prints its shard. Repeating it changes nothing.',
    )
    .argument('<market>', 'a token id, a condition id (0x…) or a slug')
    .addOption(waitOption('how long to wait for the first book, such as 10s', '30s'))
    .option('--json', 'print the answer as one line of JSON on standard output')
    .addHelpText(
      'after',
      examples(
        'npx pnpm polytape subscribe will-there-be-no-change-in-fed-interest-rates-after-the-march-2027-meeting',
        'npx pnpm polytape subscribe 0xcb9363446a07f5a8d046548dc1c35437ed8050ad5f3f509c68aec33f0517c280 --wait 5s',
      ),
    )
    .action(async (market: string, flags: AddressFlags & { wait: number; json?: boolean }) => {
      await unlessStopped(async () => {
        const done = await subscribe({ address: addressOf(flags), market, waitMs: flags.wait, signal });
        if (flags.json) process.stdout.write(`${shownJson(JSON.stringify(done))}\n`);
        if ('refused' in done) throw new CommandError(`Not subscribed: ${done.refused}`);
        if (!flags.json) process.stdout.write(`${renderSubscribed(done, flags.wait)}\n`);
        if (done.firstBook !== 'came') o.failed();
      });
    });

  const recycleCommand = withAddress(new Command('recycle'))
    .description(
      'Replaces the connection of a shard without a gap: the old one closes once the new one has every book that it has, after a short overlap.',
    )
    .argument('<shard>', 'number of the shard, as in `polytape status`', shardNumber)
    .addOption(waitOption('how long to wait for the new connection, such as 2m', '60s'))
    .option('--json', 'print the answer as one line of JSON on standard output')
    .addHelpText('after', examples('npx pnpm polytape recycle 7', 'npx pnpm polytape recycle 7 --wait 2m --json'))
    .action(async (shard: number, flags: AddressFlags & { wait: number; json?: boolean }) => {
      const person = flags.json ? process.stderr : process.stdout;
      const say = (sentence: string) => person.write(`${shownText(sentence)}\n`);
      await unlessStopped(async () => {
        const done = await recycle({ address: addressOf(flags), shard, waitMs: flags.wait, say, signal });
        for (const { ingestorId, newConnectionId } of done) {
          say(`Ingestor ${ingestorId} records shard ${shard} on connection ${newConnectionId}.`);
        }
        if (flags.json) process.stdout.write(`${JSON.stringify({ shard, recycled: done })}\n`);
      });
    });

  return [statusCommand, subscribeCommand, recycleCommand];
}

type AddressFlags = { natsUrl?: string; dataDir?: string };

function withAddress(command: Command): Command {
  return command
    .exitOverride()
    .option(
      '--nats-url <url>',
      'NATS server of the recorder (default: NATS_URL, then the recorder in --data-dir, then docker compose by .env)',
      natsUrl,
    )
    .option(
      '--data-dir <directory>',
      `data directory of a running \`start\` or \`demo\` (default: POLYTAPE_DATA_DIR, else ${configTable.POLYTAPE_DATA_DIR.defaultText})`,
    );
}

function waitOption(description: string, byDefault: string): Option {
  return new Option('--wait <duration>', description)
    .argParser(durationArgument)
    .default(durationArgument(byDefault), byDefault);
}

function natsUrl(text: string): string {
  const { schema, takes } = configTable.NATS_URL;
  if (text === '' || !schema.safeParse(text).success) throw new InvalidArgumentError(`It must be ${takes}.`);
  return text;
}

function examples(...lines: readonly string[]): string {
  return `\nExample${lines.length === 1 ? '' : 's'}:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}

function shardNumber(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number)) {
    throw new InvalidArgumentError('It must be a whole number from 0.');
  }
  return number;
}
