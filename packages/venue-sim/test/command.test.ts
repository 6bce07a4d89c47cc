import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { ChannelClient } from './channel/channel-client.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));

describe.concurrent('the venue as a process', () => {
  test('prints its addresses, and on SIGTERM completes the ledger and prints what it executed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'venue-sim-'));
    try {
      const ledger = join(folder, 'truth.jsonl');
      await using venue = run(
        '--port',
        '0',
        '--json',
        '--markets',
        '20',
        '--trades-per-second',
        '500',
        '--ledger',
        ledger,
      );
      const { urls, pid } = JSON.parse(await venue.line(0));
      expect(pid).toBe(venue.child.pid);
      const client = await ChannelClient.subscribed(urls.ws, []);
      client.send({ operation: 'subscribe', assets_ids: await tokenIds(urls.sim) });
      await client.until(() => client.events('last_trade_price').length > 100);
      venue.child.kill('SIGTERM');
      expect(await venue.exited).toBe(0);
      const { trades } = JSON.parse(await venue.line(1));
      expect(trades.executed).toBeGreaterThan(100);
      expect((await readFile(ledger, 'utf8')).trimEnd().split('\n')).toHaveLength(trades.executed);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('reports a usage error in one line and exits with 2', async () => {
    const wrong = [
      ['--prot', '1'],
      ['--port', 'x'],
      ['--markets', '0'],
      ['--port', '70000'],
      ['--resolutions', 'no'],
      ['rest'],
    ].map(async (flags) => {
      await using venue = run(...flags);
      expect(await venue.exited, flags.join(' ')).toBe(2);
      expect(venue.errors().trimEnd().split('\n')).toHaveLength(1);
      expect(venue.errors()).toMatch(/^error: /);
    });
    await Promise.all(wrong);
  });

  test('reports in one line that its port is taken or its ledger is not writable, and exits with 1', async () => {
    await using first = run('--port', '0', '--json', '--trades-per-second', '0');
    const { urls } = JSON.parse(await first.line(0));
    await using second = run('--port', new URL(urls.sim).port);
    expect(await second.exited).toBe(1);
    expect(second.errors()).toMatch(/^error: port \d+ on 127.0.0.1 is taken\. .*--port.*\n$/);
    await using third = run('--port', '0', '--ledger', '/nowhere/at/all.jsonl');
    expect(await third.exited).toBe(1);
    expect(third.errors()).toMatch(/^error: cannot write the ledger .*ENOENT.*--ledger\.\n$/);
  });

  test('prints its help', async () => {
    await using help = run('--help');
    expect(await help.exited).toBe(0);
    expect(await help.line(0)).toBe('Usage: venue-sim [options]');
    expect(help.output()).toContain('Examples:');
  });

  test('exits when its parent closes the channel between them', async () => {
    const flags = ['--port', '0', '--json', '--trades-per-second', '0'];
    const child = spawn(process.execPath, [MAIN, ...flags], { stdio: ['ignore', 'pipe', 'ignore', 'ipc'] });
    // Waits for `exit`, because `close` never comes after this side has closed the channel.
    const exited = new Promise((resolve) => child.once('exit', resolve));
    try {
      await new Promise((resolve) => child.stdout?.once('data', resolve));
      child.disconnect();
      expect(await exited).toBe(0);
    } finally {
      child.kill('SIGKILL');
      await exited;
    }
  });
});

type Run = AsyncDisposable & {
  child: ChildProcess;
  exited: Promise<number | null>;
  /** Resolves with the n-th line of the standard output. */
  line(index: number): Promise<string>;
  output(): string;
  errors(): string;
};

function run(...flags: string[]): Run {
  const child = spawn(process.execPath, [MAIN, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    errors += chunk;
  });
  // `close` comes after the output has been read to its end.
  const exited = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  return {
    child,
    exited,
    output: () => output,
    errors: () => errors,
    async line(index) {
      while (output.split('\n').length <= index + 1) {
        const more = new Promise((resolve) => child.stdout?.once('data', resolve));
        const ended = await Promise.race([more, exited.then(() => 'ended')]);
        if (ended === 'ended' && output.split('\n').length <= index + 1) throw new Error(`it ended first: ${errors}`);
      }
      return output.split('\n')[index] ?? '';
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

async function tokenIds(sim: string): Promise<string[]> {
  const { markets } = (await (await fetch(`${sim}/markets`)).json()) as { markets: { tokenIds: string[] }[] };
  return markets.flatMap((market) => market.tokenIds);
}
