import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  DEMO_PROCESSES,
  DEMO_SERVICES,
  descendants,
  isAlive,
  isCompleteDemo,
  PolytapeHome,
  type ProcessUnderTest,
  type Runtime,
  recording,
  SMALL_DEMO,
  summaryOf,
  until,
} from '../src/index.ts';

describe('polytape demo', () => {
  test('records what its venue executes, prints all addresses, profiles its services on request, and leaves no process behind', async () => {
    await using home = await PolytapeHome.make();
    const profiles = join(home.path, 'profiles');
    await using demo = home.spawn(['demo', '--for', '5s', '--cpu-prof', profiles, ...SMALL_DEMO]);
    const runtime = await home.untilRuntime('every process', demo, isCompleteDemo);
    await using processes = await everyProcess(demo, runtime);

    expect(Object.keys(runtime).sort()).toEqual(['databaseUrl', 'http', 'natsUrl', 'pids', 'venue']);
    expect(Object.keys(runtime.pids).sort()).toEqual([...DEMO_PROCESSES, 'polytape', 'venue-sim'].toSorted());
    expect(runtime.pids.polytape).toBe(demo.pid);
    const { control = '', ...venue } = runtime.venue ?? {};
    expect(await (await fetch(`${control}/status`)).json()).toMatchObject({ trades: {} });
    expect(Object.keys(venue).sort()).toEqual(['clob', 'data', 'gamma', 'ws']);
    expect(Object.keys(runtime.http).sort()).toEqual(DEMO_SERVICES);
    expect(runtime.natsUrl).toMatch(/^nats:\/\/polytape:[\w-]+@127\.0\.0\.1:\d+$/);
    expect(runtime.databaseUrl).toMatch(/^postgresql:\/\/.*@127\.0\.0\.1:\d+\/\w+$/);
    for (const port of Object.values(runtime.http)) {
      expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
    }
    expect(await demo.exit()).toEqual({ code: 0, signal: null });
    const summary = summaryOf(demo);
    expect(Object.keys(summary)).toEqual([
      ...['executed', 'recorded', 'missing', 'duplicates', 'p50Ms', 'p99Ms', 'firstTradeMs'],
    ]);
    expect(summary).toMatchObject({ recorded: summary.executed, missing: 0, duplicates: 0 });
    for (const value of Object.values(summary)) expect(value).toEqual(expect.any(Number));
    expect(summary.recorded).toBeGreaterThan(0);
    expect(await home.runtime()).toBeNull();
    expect(readdirSync(profiles).sort()).toEqual(DEMO_SERVICES.map((name) => `${name}.cpuprofile`));
    expect(processes.ids.length).toBeGreaterThanOrEqual(DEMO_PROCESSES.length);
    for (const pid of processes.ids) expect(await isAlive(pid), `process ${pid}`).toBe(false);
  }, 120_000);

  test('restarts killed services with a message, and misses nothing', async () => {
    await using home = await PolytapeHome.make();
    await using demo = home.spawn(['demo', '--for', '10m', ...SMALL_DEMO]);
    let runtime = await home.untilRuntime('every process', demo, isCompleteDemo);
    await recording(runtime);
    for (const name of ['writer-1', 'nats', 'postgres', 'scheduler-1']) {
      const killed = runtime.pids[name] ?? 0;
      process.kill(killed, 'SIGKILL');
      await demo.line(new RegExp(`^${name} ended \\(SIGKILL\\); restarting it in [12]\\.\\d s`));
      runtime = await home.untilRuntime(
        `another ${name}`,
        demo,
        (now) => isCompleteDemo(now) && now.pids[name] !== killed,
      );
      await recording(runtime);
    }
    demo.signal('SIGINT');
    expect(await demo.exit()).toEqual({ code: 0, signal: null });
    const summary = summaryOf(demo);
    expect(summary).toMatchObject({ recorded: summary.executed, missing: 0, duplicates: 0 });
  }, 180_000);

  test('stops in order when its terminal closes, which sends SIGHUP twice', async () => {
    await using home = await PolytapeHome.make();
    await using demo = home.spawn(['demo', ...SMALL_DEMO]);
    const runtime = await home.untilRuntime('every process', demo, isCompleteDemo);
    await using processes = await everyProcess(demo, runtime);
    await recording(runtime);
    demo.signal('SIGHUP');
    await demo.line(/^The venue has stopped trading/);
    demo.signal('SIGHUP');
    expect(await demo.exit()).toEqual({ code: 0, signal: null });
    expect(summaryOf(demo)).toMatchObject({ missing: 0, duplicates: 0 });
    for (const pid of processes.ids) expect(await isAlive(pid), `process ${pid}`).toBe(false);
  }, 120_000);

  test('locks its data directory, and stops all of its processes when it is killed', async () => {
    await using home = await PolytapeHome.make();
    await using demo = home.spawn(['demo', '--for', '10m', ...SMALL_DEMO]);
    const runtime = await home.untilRuntime('every process', demo, isCompleteDemo);
    await recording(runtime);
    await using processes = await everyProcess(demo, runtime);
    await using other = home.spawn(['demo']);
    expect(await other.exit()).toEqual({ code: 1, signal: null });
    expect(other.stderr).toEqual([
      expect.stringMatching(/^polytape: POLYTAPE_DATA_DIR: another polytape .* is running/),
    ]);

    expect(processes.ids.length).toBeGreaterThanOrEqual(DEMO_PROCESSES.length);
    await demo.kill();
    for (const pid of processes.ids) await until(`the end of process ${pid}`, async () => !(await isAlive(pid)));
  }, 120_000);
});

/** All processes of a run. Those that have not ended by themselves end with the test. */
async function everyProcess(demo: ProcessUnderTest, { pids }: Runtime): Promise<AsyncDisposable & { ids: number[] }> {
  const ids = [...new Set([...Object.values(pids), ...(await descendants(demo.pid))])];
  return {
    ids,
    [Symbol.asyncDispose]: async () => {
      await demo.kill(); // it would start them again
      for (const pid of ids) if (await isAlive(pid)) process.kill(pid, 'SIGKILL');
    },
  };
}
