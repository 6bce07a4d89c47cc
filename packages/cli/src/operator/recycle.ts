import { setTimeout as delay } from 'node:timers/promises';
import { type Bus, BusUnavailableError, type Refusal } from '@polytape/bus';
import { COMMANDS, type RecycleAnswer, type RecycleRequest } from '@polytape/types';
import { CommandError } from '../command-error.ts';
import type { RecorderAddress } from '../run/find-nats.ts';
import { gatherStatus } from './gather-status.ts';
import { announcedIngestors, openOperatorBus } from './operator-bus.ts';
import { shownDuration } from './shown-value.ts';
import { ingestorsOf } from './status-report.ts';

export type RecycleOptions = {
  address: RecorderAddress;
  shard: number;
  /** How long to wait for the new connections. */
  waitMs: number;
  say: (sentence: string) => void;
  signal: AbortSignal;
};

/** A connection and the one that replaced it. */
export type Recycled = { ingestorId: string; oldConnectionId: string | null; newConnectionId: string };

/**
 * Asks every ingestor that records the shard to replace its connection, and waits until the old connections are closed.
 *
 * @throws {CommandError} No ingestor records the shard, or the replacement took too long.
 */
export async function recycle(o: RecycleOptions): Promise<Recycled[]> {
  await using bus = await openOperatorBus(o.address, o.signal);
  const begun = await begin(bus, o);
  for (const { ingestorId, result, connectionId } of begun) {
    const what = result === 'begun' ? 'is replacing' : 'was already replacing';
    o.say(`Ingestor ${ingestorId} ${what} connection ${connectionId ?? '(none)'} of shard ${o.shard}.`);
  }
  const untilMs = performance.now() + o.waitMs;
  for (;;) {
    const done = await replaced(bus, begun, o).catch((error: unknown) => {
      if (error instanceof BusUnavailableError) return []; // try again until the time is up
      throw error;
    });
    if (done.length === begun.length) return done;
    if (performance.now() >= untilMs) {
      throw new CommandError(
        `The connection of shard ${o.shard} was not replaced within ${shownDuration(o.waitMs)}: the old one stays open until a ` +
          'new one has every book that it has. `npx pnpm polytape status` shows the progress.',
      );
    }
    await delay(LOOK_INTERVAL_MS, undefined, { signal: o.signal });
  }
}

async function begin(bus: Bus, { shard, signal }: RecycleOptions): Promise<RecycleAnswer[]> {
  const expected = await announcedIngestors(bus);
  const answers = await bus.requestAll<RecycleAnswer | Refusal>(COMMANDS.recycle, { shard } satisfies RecycleRequest, {
    ...{ waitMs: ANSWER_MS_MAX, stallMs: STALL_MS, signal },
    isComplete: (all) => all.length >= expected.length,
  });
  const refusal = answers.find((answer) => 'refused' in answer);
  if (refusal !== undefined) throw new CommandError(`Shard ${shard} cannot be recycled: ${refusal.refused}.`);
  const said = answers.filter((answer) => 'ingestorId' in answer);
  if (said.length === 0) throw new CommandError('No ingestor answers, so nothing is being recorded.');
  const begun = said.filter(({ result }) => result !== 'not_mine');
  if (begun.length === 0) {
    throw new CommandError(`No ingestor records shard ${shard}. \`npx pnpm polytape status --all\` lists all shards.`);
  }
  return begun;
}

/** The replacements that are complete, according to the ingestors. */
async function replaced(bus: Bus, begun: readonly RecycleAnswer[], o: RecycleOptions): Promise<Recycled[]> {
  const report = await gatherStatus(bus, o.signal);
  return ingestorsOf(report).flatMap(({ id, shards }) => {
    const answer = begun.find(({ ingestorId }) => ingestorId === id);
    const connections = shards.find(({ shard }) => shard === o.shard)?.connections ?? [];
    const [only] = connections;
    const isDone = connections.length === 1 && only?.role === 'current' && only.connectionId !== answer?.connectionId;
    if (answer === undefined || only === undefined || !isDone) return [];
    return [{ ingestorId: id, oldConnectionId: answer.connectionId, newConnectionId: only.connectionId }];
  });
}

const ANSWER_MS_MAX = 5_000;
const STALL_MS = 250;
const LOOK_INTERVAL_MS = 500;
