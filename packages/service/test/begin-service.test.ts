import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const program = fileURLToPath(import.meta.resolve('./programs/service.ts'));

/** A service process, with its output and its exit code. */
class Probe implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly child: ChildProcess;
  readonly #waiting = new Map<string, () => void>();
  readonly ended: Promise<number | null>;

  constructor(env: Record<string, string>, o: { args?: string[]; ipc?: boolean; stdout?: number } = {}) {
    const stdio = [
      'ignore' as const,
      o.stdout ?? ('pipe' as const),
      'pipe' as const,
      ...(o.ipc ? ['ipc' as const] : []),
    ];
    this.child = spawn(process.execPath, [program, ...(o.args ?? [])], { env: { ...process.env, ...env }, stdio });
    const drained = [this.child.stdout, this.child.stderr].map(async (stream) => {
      if (stream === null) return;
      for await (const line of createInterface({ input: stream })) this.#take(line);
    });
    // Not 'close', which is not emitted after we closed the channel to the supervisor.
    const exited = new Promise<number | null>((resolve) => this.child.once('exit', resolve));
    this.ended = Promise.all([exited, ...drained]).then(([code]) => code);
  }

  #take(line: string): void {
    this.lines.push(line);
    for (const [text, resolve] of this.#waiting) if (line.includes(text)) resolve();
  }

  async said(text: string): Promise<void> {
    if (this.lines.some((line) => line.includes(text))) return;
    await new Promise<void>((resolve) => this.#waiting.set(text, resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}

describe.concurrent('a service', () => {
  test('stops in order on SIGTERM', async () => {
    await using probe = new Probe({});
    await probe.said('Started.');
    probe.child.kill('SIGTERM');
    expect(await probe.ended).toBe(0);
    expect(probe.lines.at(-1)).toContain('Stopped.');
  });

  test('escapes control characters in its log', async () => {
    const DEED = 'wait \u001b[2J \u009b31m \u202e';
    await using probe = new Probe({ DEED });
    await probe.said('Started.');
    expect(JSON.parse(probe.lines[0] ?? '')).toMatchObject({ deed: DEED });
    expect(probe.lines[0]).toMatch(/^[ -~]+$/);
  });

  test('stops when its supervisor dies', async () => {
    await using probe = new Probe({}, { ipc: true });
    await probe.said('Started.');
    probe.child.disconnect();
    expect(await probe.ended).toBe(0);
  });

  test('is not kept alive by the channel to its supervisor', async () => {
    await using probe = new Probe({}, { ipc: true });
    await probe.said('Started.');
    probe.child.kill('SIGTERM');
    expect(await probe.ended).toBe(0);
  });

  test('exits at the second signal and names the unfinished work', async () => {
    await using probe = new Probe({ DEED: 'hang' });
    await probe.said('Started.');
    probe.child.kill('SIGTERM');
    await probe.said('Stopping');
    probe.child.kill('SIGTERM');
    expect(await probe.ended).toBe(1);
    expect(probe.lines.at(-1)).toContain('unfinished: 3 trades');
  });

  test('exits at the deadline and names the unfinished work', async () => {
    await using probe = new Probe({ DEED: 'hang', STOP_DEADLINE_MS: '100' });
    await probe.said('Started.');
    probe.child.kill('SIGINT');
    expect(await probe.ended).toBe(1);
    expect(probe.lines.at(-1)).toContain('Not stopped within 100 ms of SIGINT. Exiting now; unfinished: 3 trades.');
  });

  test('logs the whole chain of causes in one line when an error reaches the top', async () => {
    await using probe = new Probe({ DEED: 'throw' });
    expect(await probe.ended).toBe(1);
    expect(JSON.parse(probe.lines.at(-1) ?? '')).toMatchObject({
      level: 'error',
      service: 'probe',
      msg: 'outer: inner.',
    });
  });

  test.each(['throw', 'throw twice'])(
    'logs the original error with its stack (%s), not the errors of the cleanup',
    async (DEED) => {
      await using probe = new Probe({ DEED });
      expect(await probe.ended).toBe(1);
      expect(probe.lines.join('\n')).not.toContain('A resource is lost.');
      expect(JSON.parse(probe.lines.at(-1) ?? '')).toMatchObject({
        ...{ level: 'error', msg: 'outer: inner.' },
        err: { name: 'Error', stack: expect.stringContaining('programs/service.ts') },
      });
    },
  );

  test.each(['stray error', 'stray rejection'])(
    'finishes its work before it exits with code 1 after a %s, and logs the error once',
    async (DEED) => {
      await using probe = new Probe({ DEED });
      expect(await probe.ended).toBe(1);
      expect(probe.lines.map((line) => JSON.parse(line).msg)).toEqual([
        'Started.',
        'stray.',
        'Stopping after the work in hand is finished.',
        'Stopped.',
      ]);
    },
  );

  test('gives up its work at the deadline after a stray error, too', async () => {
    await using probe = new Probe({ DEED: 'hang after a stray error', STOP_DEADLINE_MS: '100' });
    expect(await probe.ended).toBe(1);
    expect(probe.lines.at(-1)).toContain('Exiting now; unfinished: 3 trades.');
  });

  test('counts a signal after a stray error as the first one', async () => {
    await using probe = new Probe({ DEED: 'hang after a stray error' });
    await probe.said('Stopping');
    probe.child.kill('SIGTERM');
    await probe.said('Already stopping.');
    probe.child.kill('SIGTERM');
    expect(await probe.ended).toBe(1);
    expect(probe.lines.at(-1)).toContain('Second signal (SIGTERM).');
  });

  test.runIf(process.platform === 'linux')('goes on when the disk of its log is full (Linux only)', async () => {
    const full = openSync('/dev/full', 'w');
    await using probe = new Probe({ DEED: 'whisper' }, { stdout: full });
    closeSync(full);
    await probe.said('Logged.');
    probe.child.kill('SIGTERM');
    expect(await probe.ended).toBe(0);
    expect(probe.lines).toEqual(['Logged.']);
  });

  test('exits when a resource it needs is lost', async () => {
    await using probe = new Probe({ DEED: 'lose' });
    expect(await probe.ended).toBe(1);
    expect(probe.lines.at(-1)).toContain('A resource is lost.');
  });

  test('answers --help with its settings', async () => {
    await using probe = new Probe({}, { args: ['--help'] });
    expect(await probe.ended).toBe(0);
    expect(probe.lines.join('\n')).toContain('HTTP_PORT');
  });

  test('with --check only checks its settings', async () => {
    await using right = new Probe({}, { args: ['--check'] });
    await using wrong = new Probe({ HTTP_PORT: 'eighty' }, { args: ['--check'] });
    expect(await right.ended).toBe(0);
    expect(right.lines).toEqual([]);
    expect(await wrong.ended).toBe(1);
    expect(wrong.lines).toEqual([expect.stringContaining('HTTP_PORT is "eighty"')]);
  });

  test('rejects an argument with exit code 2 and a wrong setting with 1, each in one line', async () => {
    await using argument = new Probe({}, { args: ['--fast'] });
    await using setting = new Probe({ HTTP_PORT: 'eighty' });
    expect(await argument.ended).toBe(2);
    expect(argument.lines).toEqual(['probe: unknown argument "--fast"; see --help.']);
    expect(await setting.ended).toBe(1);
    expect(setting.lines).toHaveLength(1);
    expect(setting.lines[0]).toContain('HTTP_PORT is "eighty", but must be a whole number from 0 to 65535');
  });
});
