import { type Bus, type Refusal, StreamMissingError } from '@polytape/bus';
import { COMMANDS, type ServiceStatus } from '@polytape/types';
import { announcedIngestors } from './operator-bus.ts';
import type { StatusReport } from './status-report.ts';

/** Asks all services of a recorder for their status. Waits for slow ingestors as long as they are known to be alive. */
export async function gatherStatus(bus: Bus, signal: AbortSignal): Promise<StatusReport> {
  const expected = await ifThere(announcedIngestors(bus), []);
  const answers = await bus.requestAll<ServiceStatus | Refusal>(COMMANDS.status, null, {
    ...{ waitMs: WAIT_MS_MAX, stallMs: STALL_MS, signal },
    isComplete: (sofar) => missingFrom(sofar, expected).length === 0,
  });
  return {
    atMs: Date.now(),
    services: answers.filter((answer) => 'service' in answer),
    silentIngestors: missingFrom(answers, expected),
    refusals: answers.filter((answer) => 'refused' in answer).map(({ refused }) => refused),
  };
}

function missingFrom(answers: readonly (ServiceStatus | Refusal)[], expected: readonly string[]): string[] {
  const ids = new Set(answers.map((answer) => ('id' in answer ? answer.id : null)));
  return expected.filter((id) => !ids.has(id));
}

/** A server on which no recorder has run yet has no buckets. */
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
