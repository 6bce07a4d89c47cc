import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));

describe.concurrent('wrong usage is reported in one line, with exit code 2', () => {
  test.for<[args: string, says: string]>([
    ['strat', "unknown command 'strat' (Did you mean start?). `npx pnpm polytape help` shows the usage."],
    ['help strat', "unknown command 'strat'. `npx pnpm polytape help` shows the usage."],
    [
      'recycle seven',
      "<shard> cannot be 'seven'. It must be a whole number from 0. `npx pnpm polytape recycle --help` shows the usage.",
    ],
    ['recycle', "missing required argument 'shard'. `npx pnpm polytape recycle --help` shows the usage."],
    [
      'status --nats-url foo',
      "--nats-url <url> cannot be 'foo'. It must be an address that starts with nats:// or tls://. `npx pnpm polytape status --help` shows the usage.",
    ],
    [
      'status --nats-url http://me:secret@foo',
      "--nats-url <url> cannot be 'http://***@foo'. It must be an address that starts with nats:// or tls://. `npx pnpm polytape status --help` shows the usage.",
    ],
    [
      'demo --for 5',
      "--for <duration> cannot be '5'. It must be a number above 0 with a unit, such as 30s, 5m or 2h, up to 596h. `npx pnpm polytape demo --help` shows the usage.",
    ],
    [
      'demo --for 0s',
      "--for <duration> cannot be '0s'. It must be a number above 0 with a unit, such as 30s, 5m or 2h, up to 596h. `npx pnpm polytape demo --help` shows the usage.",
    ],
    [
      'venue-sim --port 99999',
      'port must be 0 to 65535, got 99999. `npx pnpm polytape venue-sim --help` shows the usage.',
    ],
    [
      'venue-sim --markets 0',
      'markets must be 1 to 200000, got 0. `npx pnpm polytape venue-sim --help` shows the usage.',
    ],
  ])('%s', async ([args, says]) => {
    expect(await polytape(args)).toEqual({ code: 2, stdout: '', stderr: `polytape: ${says}\n` });
  });
});

describe.concurrent('the help', () => {
  test.for(['demo', 'start', 'migrate', 'status', 'subscribe', 'recycle', 'venue-sim'])(
    'for %s shows defaults as they are typed, and examples that can be copied',
    async (command) => {
      const { code, stdout } = await polytape(`help ${command}`);
      expect(code).toBe(0);
      expect(stdout).toMatch(RegExp(`^Usage: polytape ${command} `));
      expect(stdout).not.toContain('default: false');
      expect(stdout).not.toMatch(/<duration>(?:(?!\n {2}-)[\s\S])*default: \d+\)/);
      const examples = stdout.slice(stdout.indexOf('\nExample')).split('\n').slice(2);
      const commands = examples.filter((line) => line.startsWith('  ')).map((line) => line.trim());
      expect(commands.length).toBeGreaterThan(0);
      for (const line of commands) expect(line).toMatch(/^([A-Z_]+=\S+ )?npx pnpm |^curl /);
      expect(await polytape(`${command} --help`)).toMatchObject({ code: 0, stdout });
    },
  );

  test('says where a command looks for a recorder by default', async () => {
    expect((await polytape('help status')).stdout.replaceAll(/\s+/g, ' ')).toContain(
      '(default: POLYTAPE_DATA_DIR, else .polytape)',
    );
  });

  test('ends quietly when its reader goes away', async () => {
    const child = spawn(process.execPath, [MAIN, 'help', 'demo'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    const [code] = await once(child, 'close');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

test('--version prints the version', async () => {
  expect(await polytape('--version')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
});

async function polytape(args: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [MAIN, ...args.split(' ')], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].on('data', (chunk) => {
      said[stream] += chunk;
    });
  }
  const [code] = await once(child, 'close');
  return { code, ...said };
}
