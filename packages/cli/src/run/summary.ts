import { shownCount, shownPlural } from '../operator/shown-value.ts';

/** The result of a `demo` or `start`; the last line of `--json`. */
type Summary = {
  /** Trades that the simulated venue executed in subscribed tokens; null for any other venue. */
  executed: number | null;
  recorded: number;
  missing: number | null;
  duplicates: number | null;
  /** Milliseconds from the receipt of a trade to the commit of its row; null without trades. */
  p50Ms: number | null;
  p99Ms: number | null;
  /** Milliseconds from the start of this process to the first committed trade; null without trades. */
  firstTradeMs: number | null;
};

/** A summary, and the problems of the run. */
export type RunResult = {
  summary: Summary;
  /** Services that left work unfinished. */
  unfinished: string[];
  /** Services that were never ready, and why; empty if the run was interrupted. */
  neverReady: string[];
  /** Facts that explain missing trades of a demo. */
  whyMissing: WhyMissing | null;
};

type WhyMissing = {
  /** Trades that services still held when the comparison began. */
  inHand: number;
  /** Connections that the venue cut because they did not read. */
  cutAsSlow: number;
  /** Missing trades that the venue sent to no connection. */
  unheard: number;
};

/** A sentence about what went wrong in a run; null if nothing did. */
export function failureOf({
  summary: { executed, recorded, missing, duplicates },
  unfinished,
  neverReady,
  whyMissing,
}: RunResult): string | null {
  if (isOnlyBehind({ summary: { missing, duplicates }, whyMissing })) {
    return `The recorder is behind by ${shownPlural(missing ?? 0, 'trade')}: services still held them when the comparison began, so none is known to be lost. Run the demo with a lower --trades-per-second.`;
  }
  if ((missing ?? 0) > 0 || (duplicates ?? 0) > 0) {
    const cause = (missing ?? 0) > 0 && whyMissing !== null ? ` ${causeOf(whyMissing)}` : '';
    return `${shownPlural(missing ?? 0, 'trade')} ${are(missing)} missing and ${shownCount(duplicates ?? 0)} ${are(duplicates)} stored twice.${cause}`;
  }
  if (unfinished.length > 0) return `${unfinished.join(', ')} left work unfinished, so received trades may be missing.`;
  if (executed !== null && recorded === 0) return 'No trade was recorded.';
  if (recorded === 0 && neverReady.length > 0)
    return `Nothing was recorded. Services that were never ready: ${neverReady.join('; ')}.`;
  return null;
}

/** Whether every trade that the database lacks may still be in the hands of a service. */
function isOnlyBehind(o: { summary: Pick<Summary, 'missing' | 'duplicates'>; whyMissing: WhyMissing | null }): boolean {
  const missing = o.summary.missing ?? 0;
  return missing > 0 && o.summary.duplicates === 0 && missing <= (o.whyMissing?.inHand ?? 0);
}

function are(count: number | null): string {
  return count === 1 ? 'is' : 'are';
}

/** The root cause: a recorder that is behind loses connections, and then misses the trades of their shards. */
function causeOf({ inHand, cutAsSlow, unheard }: WhyMissing): string {
  if (inHand > 0) {
    return `The recorder was behind: ${shownCount(inHand)} trades were still waiting to be written. Run the demo with a lower --trades-per-second.`;
  }
  if (cutAsSlow > 0) {
    return `The recorder was behind: the venue cut ${shownPlural(cutAsSlow, 'connection')} that did not read fast enough, and trades were executed before they were back. Run the demo with a lower --trades-per-second.`;
  }
  if (unheard > 0) {
    return `${shownCount(unheard)} of them were executed while their shard had no connection, for example after an ingestor ended. \`REDUNDANCY=2\` with \`--ingestors 3\` avoids that.`;
  }
  return 'The recorder had received them, so this is a bug: please report it with the logs.';
}

/** The summary for a person. */
export function renderSummary({ summary, whyMissing }: Pick<RunResult, 'summary' | 'whyMissing'>): string[] {
  const missing = isOnlyBehind({ summary, whyMissing }) ? 'behind by' : 'missing';
  const rows: [string, string][] = [
    ...(summary.executed === null
      ? []
      : [['executed by the venue', shownCount(summary.executed)] satisfies [string, string]]),
    ['recorded', shownCount(summary.recorded)],
    ...(summary.missing === null ? [] : [[missing, shownCount(summary.missing)] satisfies [string, string]]),
    ...(summary.duplicates === null ? [] : [['duplicates', shownCount(summary.duplicates)] satisfies [string, string]]),
    ['receive to committed row', `p50 ${milliseconds(summary.p50Ms)}, p99 ${milliseconds(summary.p99Ms)}`],
    [
      'first committed trade',
      summary.firstTradeMs === null ? 'none' : `${(summary.firstTradeMs / 1_000).toFixed(1)} s after the start`,
    ],
  ];
  return rows.map(([name, value]) => `  ${name.padEnd(26)}${value}`);
}

function milliseconds(ms: number | null): string {
  return ms === null ? 'unknown' : `${ms < 10 ? ms.toFixed(1) : shownCount(ms)} ms`;
}
