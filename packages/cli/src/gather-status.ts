import { type Bus, type Refusal, StreamMissingError } from '@polytape/bus';
import { COMMANDS, type ServiceStatus, type Shard } from '@polytape/types';
import { announcedIngestors } from './operator-bus.ts';
import type { StatusReport } from './status-report.ts';

/** Asks all services of a recorder. Those that are slow are waited for when they are known to be there. */
export async function gatherStatus(bus: Bus, signal: AbortSignal): Promise<StatusReport> {
  const [expected, plan] = await Promise.all([ifThere(announcedIngestors(bus), []), readPlan(bus, signal)]);
  const answers = await bus.requestAll<ServiceStatus | Refusal>(COMMANDS.status, null, {
    ...{ waitMs: WAIT_MS_MAX, stallMs: STALL_MS, signal },
    isComplete: (sofar) => missingFrom(sofar, expected).length === 0,
  });
  return {
    atMs: Date.now(),
    services: answers.filter((answer) => 'service' in answer),
    plan,
    silentIngestors: missingFrom(answers, expected),
    refusals: answers.filter((answer) => 'refused' in answer).map(({ refused }) => refused),
  };
}

function missingFrom(answers: readonly (ServiceStatus | Refusal)[], expected: readonly string[]): string[] {
  const ids = new Set(answers.map((answer) => ('id' in answer ? answer.id : null)));
  return expected.filter((id) => !ids.has(id));
}

async function readPlan(bus: Bus, signal: AbortSignal): Promise<StatusReport['plan']> {
  const shards = await ifThere((await bus.kv<Shard>('shards')).list(), null);
  signal.throwIfAborted();
  if (shards === null) return null;
  return new Map(
    [...shards].map(([key, { value }]) => [
      Number(key),
      { tokens: value.tokens.length, tokensTarget: value.tokensTarget ?? null },
    ]),
  );
}

/** On a server on which no recorder ever ran there are no buckets. */
async function ifThere<T, E>(asked: Promise<T>, otherwise: E): Promise<T | E> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof StreamMissingError) return otherwise;
    throw error;
  }
}

const WAIT_MS_MAX = 3_000;
const STALL_MS = 250;
