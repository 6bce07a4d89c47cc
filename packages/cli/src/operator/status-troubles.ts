import { shownCount, shownDuration, shownPlural } from './shown-value.ts';
import { ingestorsOf, leaderOf, plannedTokens, type StatusReport, schedulersOf, writersOf } from './status-report.ts';

/** What a person should look at, in sentences, what costs trades first. Empty when everything is in order. */
export function troublesOf(report: StatusReport): string[] {
  return [...recordingTroubles(report), ...writingTroubles(report), ...planningTroubles(report)];
}

function recordingTroubles(report: StatusReport): string[] {
  const ingestors = ingestorsOf(report);
  const troubles = report.silentIngestors.map((id) => `Ingestor ${id} announced itself lately, and does not answer.`);
  if (ingestors.length + troubles.length === 0) troubles.push('No ingestor answers: nothing is recorded.');
  const recorded = new Set(ingestors.flatMap(({ shards }) => shards.map(({ shard }) => shard)));
  const unserved = [...plannedTokens(report).keys()].filter((shard) => !recorded.has(shard));
  if (ingestors.length > 0 && unserved.length > 0) {
    troubles.push(`${shownPlural(unserved.length, 'shard')} of the plan: recorded by nobody that answers.`);
  }
  const shards = ingestors.flatMap((ingestor) => ingestor.shards);
  const cut = shards.filter(({ connections }) => connections.length === 0).length;
  if (cut > 0) troubles.push(`${shownPlural(cut, 'shard')}: no connection at present.`);
  const missing = new Set(shards.flatMap((shard) => shard.missing)).size;
  if (missing > 0) troubles.push(`${shownPlural(missing, 'token')}: no book has come, also not on a fresh connection.`);
  return [...troubles, ...report.refusals.map((refused) => `A service answers: ${refused}.`)];
}

function writingTroubles(report: StatusReport): string[] {
  const writers = writersOf(report);
  if (writers.length === 0) return ['No writer answers: what is recorded stays in the log until one runs.'];
  const streams = writers.flatMap((writer) => writer.streams);
  if (!streams.some(({ stream }) => stream === 'TRADES')) return ['No writer projects the stream TRADES at present.'];
  return streams
    .filter(({ behind }) => (behind ?? 0) > BEHIND_MESSAGES)
    .map(({ stream, behind }) => `${stream}: ${shownCount(behind ?? 0)} messages are not in the database yet.`);
}

function planningTroubles(report: StatusReport): string[] {
  const schedulers = schedulersOf(report);
  const leader = leaderOf(report);
  if (schedulers.length === 0) return ['No scheduler answers: new markets are not found.'];
  if (leader === null) return ['No scheduler leads at present; another takes over within 20 s.'];
  return leader.jobs
    .filter(({ failure }) => failure !== null)
    .map(({ name, failure, lastSuccessAtMs }) => {
      const since =
        lastSuccessAtMs === null ? 'never done' : `last done ${shownDuration(report.atMs - lastSuccessAtMs)} ago`;
      return `Job ${name} failed (${since}): ${failure}.`;
    });
}

/** A second or two of a busy recorder. */
const BEHIND_MESSAGES = 5_000;
