import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { type RunningProcess, SupervisedProcess } from '../../src/run/supervised-process.ts';

async function launchSleeper(): Promise<RunningProcess> {
  const child = spawn('sleep', ['600']);
  await once(child, 'spawn');
  const exited = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
  const stop = async () => {
    child.kill('SIGTERM');
    await exited;
  };
  return { pid: child.pid as number, httpPort: null, exited, stop };
}

/** A supervised process that sleeps, the messages about it, and a way to wait for its next change. */
function supervise(launch = launchSleeper) {
  const said: string[] = [];
  let changed = Promise.withResolvers<void>();
  const process = new SupervisedProcess({
    name: 'sleeper',
    launch,
    onChange: () => changed.resolve(),
    say: (sentence) => said.push(sentence),
  });
  const change = async () => {
    changed = Promise.withResolvers<void>();
    await changed.promise;
  };
  return { process, said, change };
}

describe('a supervised process', () => {
  test('is restarted after it was killed, and says so', async () => {
    const { process: supervised, said, change } = supervise();
    await supervised.start();
    const first = supervised.process?.pid as number;
    process.kill(first, 'SIGKILL');
    await change();
    expect(supervised.process).toBeNull();
    expect(said).toEqual([expect.stringMatching(/^sleeper ended \(SIGKILL\); restarting it in [12]\.\d s\.$/)]);
    await change();
    expect(supervised.process?.pid).not.toBe(first);
    expect(supervised.restarts).toBe(1);
    await supervised.stop();
    expect(supervised.process).toBeNull();
  });

  test('is not restarted after it was stopped', async () => {
    const { process: supervised, said } = supervise();
    await supervised.start();
    await supervised.stop();
    expect(supervised.process).toBeNull();
    expect([supervised.restarts, said]).toEqual([0, []]);
  });

  test('that never started is an error at once', async () => {
    const { process: supervised } = supervise(() => Promise.reject(new Error('no such program')));
    await expect(supervised.start()).rejects.toThrow('no such program');
  });
});
