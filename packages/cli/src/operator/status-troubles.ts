import type { SchedulerStatus } from '@polytape/types';
import { shownCount, shownDuration, shownPlural } from './shown-value.ts';
import { ingestorsOf, leaderOf, plannedTokens, type StatusReport, schedulersOf, writersOf } from './status-report.ts';

/** Problems that need attention, one sentence each, those that cost trades first. */
export function troublesOf(report: StatusReport): string[] {
  return [...recordingTroubles(report), ...writingTroubles(report), ...planningTroubles(report)];
}

function recordingTroubles(report: StatusReport): string[] {
  const ingestors = ingestorsOf(report);
  const troubles = report.silentIngestors.map((id) => `Ingestor ${id} is registered but does not answer.`);
  if (ingestors.length + troubles.length === 0) troubles.push('No ingestor answers, so nothing is being recorded.');
  const recorded = new Set(ingestors.flatMap(({ shards }) => shards.map(({ shard }) => shard)));
  const unserved = [...plannedTokens(report).keys()].filter((shard) => !recorded.has(shard));
  if (ingestors.length > 0 && unserved.length > 0) {
    troubles.push(`${shownPlural(unserved.length, 'shard')} of the plan: not recorded by any ingestor that answers.`);
  }
  const shards = ingestors.flatMap((ingestor) => ingestor.shards);
  const cut = shards.filter(({ connections }) => connections.length === 0).length;
  if (cut > 0) troubles.push(`${shownPlural(cut, 'shard')}: no connection.`);
  const missing = new Set(shards.flatMap((shard) => shard.missing)).size;
  if (missing > 0) troubles.push(`${shownPlural(missing, 'token')}: no book arrived, even on a fresh connection.`);
  return [...troubles, ...report.refusals.map((refused) => `A service refused to answer: ${refused}.`)];
}

function writingTroubles(report: StatusReport): string[] {
  const writers = writersOf(report);
  if (writers.length === 0) return ['No writer answers. Trades stay in the log until one runs.'];
  const streams = writers.flatMap((writer) => writer.streams);
  if (!streams.some(({ stream }) => stream === 'TRADES')) return ['No writer is writing the stream TRADES.'];
  return streams
    .filter(({ behind }) => (behind ?? 0) > BEHIND_MESSAGES)
    .map(({ stream, behind }) => `${stream}: ${shownCount(behind ?? 0)} messages are not in the database yet.`);
}

function planningTroubles(report: StatusReport): string[] {
  const schedulers = schedulersOf(report);
  const leader = leaderOf(report);
  if (schedulers.length === 0) return ['No scheduler answers, so new markets are not discovered.'];
  if (leader === null) return ['No scheduler leads. Another should take over within 20 s.'];
  const failures = leader.jobs
    .filter(({ failure }) => failure !== null)
    .map(({ name, failure, lastSuccessAtMs }) => {
      const since =
        lastSuccessAtMs === null
          ? 'never succeeded'
          : `last success ${shownDuration(report.atMs - lastSuccessAtMs)} ago`;
      return `Job ${name} failed (${since}): ${failure}.`;
    });
  return leader.plan?.shards === 0 ? [emptyPlanTrouble(leader, report.atMs), ...failures] : failures;
}

/** The first scan retries for about a minute before it fails, and takes minutes at the live venue. */
function emptyPlanTrouble({ jobs, startedAtMs }: SchedulerStatus, nowMs: number): string {
  const scan = jobs.find(({ name }) => name === 'discovery-scan');
  const isFirst = scan !== undefined && scan.lastSuccessAtMs === null && scan.failure === null;
  const since = isFirst
    ? ` Job discovery-scan has not succeeded in the ${shownDuration(nowMs - startedAtMs)} since the scheduler started.`
    : '';
  return `No market is planned yet, so nothing is being recorded.${since}`;
}

/** What a busy recorder writes in a second or two. */
const BEHIND_MESSAGES = 5_000;
