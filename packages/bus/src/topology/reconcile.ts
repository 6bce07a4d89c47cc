import { JetStreamApiError, type StreamInfo } from '@nats-io/jetstream';
import { FailureLog, rest, WakeUp } from '@polytape/resilience';
import type { Connection } from '../connection/connection.ts';
import { isAway, translateFailure } from '../connection/translate-failure.ts';
import { BusConfigurationError, BusPermissionError, BusUnavailableError, StreamMissingError } from '../errors.ts';
import { streamInfo } from '../read/ask-stream.ts';
import { type WantedStream, wantedStreams } from './stream-config.ts';
import { type StreamDifference, streamDifferences } from './stream-difference.ts';
import type { Topology } from './topology.ts';

/** See `Bus.reconcile`. */
export async function reconcile(
  connection: Connection,
  o: { topology: Topology; replicas: number; signal: AbortSignal },
): Promise<void> {
  await insist(connection, o.signal, () => checkServer(connection));
  for (const wanted of wantedStreams(o.topology, o.replicas)) {
    await insist(connection, o.signal, () => reconcileStream(connection, wanted));
  }
}

/**
 * Recreates missing streams until the signal aborts: one that somebody deleted, or all of them when the server came back
 * with an empty disk. Looks after each reconnect and on a timer.
 */
export async function keepReconciled(
  connection: Connection,
  o: { topology: Topology; replicas: number; signal: AbortSignal; intervalMs: number },
): Promise<void> {
  const failures = new FailureLog(connection.log);
  const closed = new AbortController();
  void connection.closed.then(() => closed.abort());
  const stop = AbortSignal.any([o.signal, closed.signal]);
  const wakeUp = new WakeUp();
  connection.onConnected(() => wakeUp.wake());
  while (!stop.aborted) {
    try {
      await wakeUp.wait(o.intervalMs, stop);
      await connection.whenConnected(stop);
      for (const wanted of wantedStreams(o.topology, o.replicas)) {
        if ((await find(connection, wanted.config.name)) !== null) continue;
        await create(connection, wanted);
        const stream = wanted.config.name;
        connection.log.error({ stream }, `Stream ${stream} was missing and has been recreated. Its messages are lost.`);
      }
      failures.recovered({}, 'NATS answers again; checked its streams.');
    } catch (error) {
      if (stop.aborted) return;
      failures.failed(
        (error as Error).message,
        { err: error },
        'Cannot check the streams on NATS; a deleted stream stays missing meanwhile. Retrying until it works.',
      );
    }
  }
}

/** Repeats `act` until it succeeds and logs why it fails. Throws only errors that a retry cannot mend. */
async function insist(connection: Connection, signal: AbortSignal, act: () => Promise<void>): Promise<void> {
  const failures = new FailureLog(connection.log);
  for (;;) {
    await connection.whenConnected(signal);
    try {
      await act();
      failures.recovered({}, 'Prepared the streams on NATS.');
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof BusUnavailableError) && !(error instanceof BusPermissionError)) throw error;
      const action = error instanceof BusPermissionError ? ` ${error.operatorAction}` : '';
      const { message } = error;
      failures.failed(message, { err: error }, `Waiting to prepare the streams on NATS: ${message}.${action}`);
    }
    await rest(RETRY_MS, signal);
  }
}

/** @throws {BusConfigurationError} This server cannot hold our streams. */
async function checkServer({ nats, jsm }: Connection): Promise<void> {
  const version = nats.info?.version ?? '0';
  if (!isAtLeast(version, VERSION_MIN)) {
    throw new BusConfigurationError(
      `The NATS server is version ${version}, and polytape needs ${VERSION_MIN} or later (keys that expire with a marker).`,
      'Upgrade nats-server, or point NATS_URL at a newer one.',
    );
  }
  try {
    await jsm.getAccountInfo();
  } catch (cause) {
    const isClustered = nats.info?.cluster !== undefined;
    const isMissing = cause instanceof Error && cause.name === 'JetStreamNotEnabled';
    // In a cluster nobody may answer during an election; a single server answers at once or never.
    if (isMissing && !(isClustered && isAway(cause))) {
      throw new BusConfigurationError(
        'The NATS server of NATS_URL does not have JetStream enabled for our account.',
        'Start nats-server with -js (or a jetstream block in its configuration), and enable JetStream for our account.',
        cause,
      );
    }
    throw translateFailure(cause, 'JetStream');
  }
}

async function reconcileStream(connection: Connection, wanted: WantedStream): Promise<void> {
  const { log } = connection;
  const stream = wanted.config.name;
  const info = await find(connection, stream);
  if (info === null) {
    await create(connection, wanted);
    log.info({ stream }, `Created stream ${stream}.`);
    return;
  }
  const differences = streamDifferences(info.config, wanted);
  if (differences.length === 0) return;
  const notDone = await update(connection, stream, differences);
  const changed = differences.filter((difference) => !notDone.includes(difference));
  if (changed.length > 0) log.info({ stream, changed }, `Updated stream ${stream}.`);
  // On a small disk the stream was created smaller, and that was logged; each start tries once whether there is room now.
  const refused = notDone.filter(({ setting }) => setting !== 'max_bytes');
  if (refused.length > 0) {
    log.warn(
      { stream, refused },
      `NATS refuses to change ${refused.map(({ setting }) => setting).join(', ')} of stream ${stream} to what polytape expects. Using the stream as it is.`,
    );
  }
}

async function find(connection: Connection, stream: string): Promise<StreamInfo | null> {
  try {
    return await streamInfo(connection, stream);
  } catch (error) {
    if (error instanceof StreamMissingError) return null;
    throw error;
  }
}

/**
 * JetStream reserves a stream's `max_bytes` and refuses a stream that does not fit. It is then created with half of that,
 * and half again: a short history is better than no recording.
 */
async function create({ jsm, log }: Connection, wanted: WantedStream): Promise<void> {
  const { name, max_bytes: wantedBytes } = wanted.config;
  for (let bytes = wantedBytes; ; bytes = Math.max(BYTES_MIN, Math.floor((bytes ?? 0) / 2))) {
    try {
      await jsm.streams.add(bytes === undefined ? wanted.config : { ...wanted.config, max_bytes: bytes });
      if (bytes === wantedBytes) return;
      log.warn(
        { stream: name, wantedBytes, bytes },
        `NATS has no room for ${mib(wantedBytes)} of stream ${name}. It keeps the newest ${mib(bytes)} instead. Raise max_file_store, or give JetStream a larger disk.`,
      );
      return;
    } catch (cause) {
      const hasNoRoom = cause instanceof JetStreamApiError && cause.code === API_CODE.storageExceeded;
      if (!hasNoRoom || bytes === undefined || bytes <= BYTES_MIN) throw creationFailure(cause, wanted);
    }
  }
}

function mib(bytes: number | undefined): string {
  return `${Math.round((bytes ?? 0) / MIB).toLocaleString('en-US')} MiB`;
}

function creationFailure(cause: unknown, wanted: WantedStream): unknown {
  const stream = wanted.config.name;
  if (!(cause instanceof JetStreamApiError)) return translateFailure(cause, stream);
  switch (cause.code) {
    case API_CODE.nameInUse: // another process with another version of the table was faster: look again, then compare
      return new BusUnavailableError(`another process has just created ${stream}`, { cause });
    case API_CODE.replicasNotSupported:
      return new BusConfigurationError(
        `NATS cannot keep ${wanted.config.num_replicas} replicas of stream ${stream}: ${cause.message}.`,
        'Set NATS_REPLICAS=1, or point NATS_URL at a cluster.',
        cause,
      );
    case API_CODE.subjectsOverlap:
      return new BusConfigurationError(
        `Another stream on NATS already has the subjects of ${stream} (${wanted.config.subjects.join(', ')}).`,
        'Remove these subjects from that stream, or give polytape its own NATS account.',
        cause,
      );
    case API_CODE.invalidConfig:
      return new BusConfigurationError(
        `NATS refuses stream ${stream}: ${cause.message}.`,
        'Check the limits of our account on the server.',
        cause,
      );
    default: // no room, no peers, too many streams: may be solved while we wait
      return new BusUnavailableError(`NATS cannot create stream ${stream} now: ${cause.message}`, { cause });
  }
}

/** Applies the differences one by one, so that one refusal does not block the others. Returns the refused ones. */
async function update(
  connection: Connection,
  stream: string,
  differences: readonly StreamDifference[],
): Promise<StreamDifference[]> {
  const refused: StreamDifference[] = [];
  for (const difference of differences) {
    if (!(await isUpdated(connection, stream, difference))) refused.push(difference);
  }
  return refused;
}

async function isUpdated({ jsm }: Connection, stream: string, difference: StreamDifference): Promise<boolean> {
  const { setting, wanted } = difference;
  try {
    await jsm.streams.update(stream, { [setting]: wanted });
    return true;
  } catch (cause) {
    const failure = translateFailure(cause, stream);
    if (failure instanceof JetStreamApiError) return false;
    // Without permission to change it, a stream with all our subjects still works.
    if (failure instanceof BusPermissionError && setting !== 'subjects') return false;
    if (failure instanceof StreamMissingError) throw new BusUnavailableError(`stream ${stream} has just been deleted`);
    throw failure;
  }
}

/** Whether a server's version (`2.12.1`, `2.14.0-beta.1`) is `least` (`2.12`) or later. */
export function isAtLeast(version: string, least: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  const [leastMajor = 0, leastMinor = 0] = least.split('.').map(Number);
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}

/** Codes of JetStream's API errors: nats-server, server/errors.json. */
const API_CODE = {
  nameInUse: 10058,
  replicasNotSupported: 10074,
  subjectsOverlap: 10065,
  invalidConfig: 10052,
  storageExceeded: 10047,
};
const MIB = 1_024 ** 2;
/** A smaller stream would drop messages before they are read. */
const BYTES_MIN = 64 * MIB;
const VERSION_MIN = '2.12';
const RETRY_MS = 2_000;
