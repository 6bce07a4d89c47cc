import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { RunningProcess } from './supervised-process.ts';

/** One record of a service's log, as far as the terminal shows it. */
export type ServiceLogRecord = { level: string; service: string; msg: string; isVenueAway?: boolean };

/**
 * Starts one of our services as a child process with its own log file, and waits until its health endpoint listens.
 *
 * It gets an IPC channel that nobody speaks on: when this process dies, the service sees it close and stops. It leads a
 * process group of its own, so that Ctrl+C in a terminal reaches us alone and the services are stopped in order.
 *
 * @throws {ServiceStartError} It ended before that, or took too long.
 */
export async function startService(o: {
  name: string;
  main: string;
  args?: readonly string[];
  env: Record<string, string>;
  logPath: string;
  onLog: (record: ServiceLogRecord) => void;
}): Promise<RunningProcess> {
  const child = spawn(process.execPath, [o.main, ...(o.args ?? [])], {
    env: { ...process.env, ...o.env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  });
  const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const httpPort = await listening(child, o);
  if (child.pid === undefined) throw new ServiceStartError(o.name, 'it has no process id');
  return { pid: child.pid, httpPort, exited, stop: () => stopChild(child, exited) };
}

/** A service did not come up; its last words say why. */
class ServiceStartError extends Error {
  override readonly name = 'ServiceStartError';
  readonly disposition = 'stop';

  constructor(service: string, why: string) {
    super(`${service} did not start: ${why}`);
  }
}

async function listening(
  child: ChildProcess,
  o: { name: string; logPath: string; onLog: (record: ServiceLogRecord) => void },
): Promise<number> {
  const log = createWriteStream(o.logPath, { flags: 'a' });
  log.on('error', () => {}); // a full disk costs log lines, and must not end the recording
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let lastWords = '';
  const take = (line: string): void => {
    log.write(`${line}\n`);
    const record = parseRecord(line, o.name);
    lastWords = record.msg;
    if (record.httpPort !== undefined) resolve(record.httpPort);
    o.onLog(record);
  };
  for (const stream of [child.stdout, child.stderr])
    if (stream !== null) createInterface({ input: stream }).on('line', take);
  const timer = setTimeout(() => {
    child.kill('SIGKILL');
    reject(
      new ServiceStartError(
        o.name,
        `its health endpoint did not listen within ${START_MS_MAX / 1_000} s; see ${o.logPath}`,
      ),
    );
  }, START_MS_MAX);
  child.once('error', reject);
  child.once('close', (code, signal) => {
    log.end();
    reject(new ServiceStartError(o.name, lastWords || `it ended at once (${signal ?? `exit code ${code}`})`));
  });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

/** A line of our logger, the first line of the simulated venue (which tells its addresses), or somebody else's words. */
function parseRecord(line: string, service: string): ServiceLogRecord & { httpPort?: number } {
  try {
    const record = JSON.parse(line) as ServiceLogRecord & { httpPort?: number; urls?: { gamma: string } };
    if (record.urls === undefined) return record;
    return {
      level: 'info',
      service,
      msg: 'Simulated venue listening.',
      httpPort: Number(new URL(record.urls.gamma).port),
    };
  } catch {
    return { level: 'error', service, msg: line };
  }
}

async function stopChild(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
  await exited;
  clearTimeout(timer);
}

const START_MS_MAX = 30_000;
/** Above the services' own deadlines, 40 s at most, which name what was unfinished. */
const STOP_MS_MAX = 45_000;
