import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { LogTail } from './log-tail.ts';
import type { RunningProcess } from './supervised-process.ts';

/** The fields of a service's log record that the terminal uses. */
export type ServiceLogRecord = { level: string; service: string; msg: string; isVenueAway?: boolean };

/**
 * Starts one of our services as a child process and waits until its health endpoint listens.
 *
 * The service writes its log file itself, and this process follows the file: with a pipe, a blocked terminal would block
 * the service at its next log line. It gets an IPC channel that carries no messages: when this process dies, the channel
 * closes and the service stops. It leads a process group of its own, so that Ctrl+C in a terminal reaches this process
 * alone, which stops the services in order.
 *
 * @throws {ServiceStartError} The service exited early, or took too long.
 */
export async function startService(o: {
  name: string;
  main: string;
  args?: readonly string[];
  env: Record<string, string>;
  logPath: string;
  /** Directory in which it writes `<name>.cpuprofile` when it stops. */
  cpuProfDir?: string | null;
  onLog: (record: ServiceLogRecord) => void;
}): Promise<RunningProcess> {
  const { promise: listening, resolve: listens, reject: fails } = Promise.withResolvers<number>();
  let lastWords = '';
  const log = openSync(o.logPath, 'a');
  const tail = await LogTail.open(o.logPath, (line) => {
    const record = parseRecord(line, o.name);
    lastWords = record.msg;
    if (record.httpPort !== undefined) listens(record.httpPort);
    o.onLog(record);
  });
  const profile = o.cpuProfDir
    ? ['--cpu-prof', '--cpu-prof-dir', o.cpuProfDir, '--cpu-prof-name', `${o.name}.cpuprofile`]
    : [];
  const child = spawn(process.execPath, [...profile, o.main, ...(o.args ?? [])], {
    env: { ...process.env, ...o.env },
    stdio: ['ignore', log, log, 'ipc'],
    detached: true,
  });
  closeSync(log);
  const { promise: exited, resolve: exits } = Promise.withResolvers<{ code: number | null; signal: string | null }>();
  child.once('error', (error) => {
    void tail[Symbol.asyncDispose]();
    fails(error);
  });
  child.once('exit', async (code, signal) => {
    await tail[Symbol.asyncDispose]();
    exits({ code, signal });
    fails(new ServiceStartError(o.name, lastWords || `it exited at once (${signal ?? `exit code ${code}`})`));
  });
  const timer = setTimeout(() => {
    child.kill('SIGKILL');
    const what = `its health endpoint did not listen within ${START_MS_MAX / 1_000} s; see ${o.logPath}`;
    fails(new ServiceStartError(o.name, what));
  }, START_MS_MAX);
  try {
    const httpPort = await listening;
    if (child.pid === undefined) throw new ServiceStartError(o.name, 'it has no process id');
    return { pid: child.pid, httpPort, exited, stop: () => stopChild(child, exited) };
  } finally {
    clearTimeout(timer);
  }
}

/** The main file of a service, such as `writer`. It is run, never imported: packages do not depend on services. */
export function serviceMain(service: string): string {
  return fileURLToPath(import.meta.resolve(`../../../../services/${service}/src/main.ts`));
}

/** A service did not start; its last log line says why. */
class ServiceStartError extends Error {
  override readonly name = 'ServiceStartError';
  readonly disposition = 'stop';

  constructor(service: string, why: string) {
    super(`${service} did not start: ${why}`);
  }
}

/** Parses a record of our logger, the first line of the simulated venue (its addresses), or other output, which becomes an error record. */
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
/** Above the services' own deadlines (40 s at most), at which they report what is unfinished. */
const STOP_MS_MAX = 45_000;
