import { shownCount, shownPlural } from '../operator/shown-value.ts';

/** What a run of `demo` or `start` did; the last line of `--json`. */
export type Summary = {
  /** Trades that the venue executed in tokens that were subscribed; null where nobody knows (any venue but the simulated one). */
  executed: number | null;
  recorded: number;
  missing: number | null;
  duplicates: number | null;
  /** From the arrival of a trade to the commit of its row, milliseconds; null when no trade came. */
  p50Ms: number | null;
  p99Ms: number | null;
  /** From the start of this process to the first committed trade, milliseconds; null when none came. */
  firstTradeMs: number | null;
};

/** A summary, and the services that ended with something unfinished. */
export type RunResult = {
  summary: Summary;
  unfinished: string[];
  /** Of a run that was not cut short: services that never did their job, and why. */
  neverReady: string[];
  /** Of a demo: facts that explain missing trades. */
  whyMissing: WhyMissing | null;
};

type WhyMissing = {
  /** Trades that services still had in hand when the database was compared. */
  inHand: number;
  /** Connections that the venue cut because they did not read what it sent. */
  cutAsSlow: number;
  /** Missing trades that the venue sent to no connection. */
  unheard: number;
};

/** What went wrong in a run, in a sentence, or null: something is missing, something is doubled, or nothing came that could have. */
export function failureOf({
  summary: { executed, recorded, missing, duplicates },
  unfinished,
  neverReady,
  whyMissing,
}: RunResult): string | null {
  if ((missing ?? 0) > 0 || (duplicates ?? 0) > 0) {
    const cause = (missing ?? 0) > 0 && whyMissing !== null ? ` ${causeOf(whyMissing)}` : '';
    return `${missing} trades are missing and ${duplicates} are doubled.${cause}`;
  }
  if (unfinished.length > 0)
    return `${unfinished.join(', ')} ended with something unfinished; what was received may be missing.`;
  if (executed !== null && recorded === 0) return 'No trade was recorded.';
  if (recorded === 0 && neverReady.length > 0)
    return `Nothing was recorded. Never ready were ${neverReady.join('; ')}.`;
  return null;
}

/** The cause that comes first: a recorder that is behind loses connections, and what it has no connection for it misses. */
function causeOf({ inHand, cutAsSlow, unheard }: WhyMissing): string {
  if (inHand > 0) {
    return `The recorder was behind: it still had ${shownCount(inHand)} trades in hand. This machine cannot keep up with that many; run the demo with a lower --trades-per-second.`;
  }
  if (cutAsSlow > 0) {
    return `The recorder was behind: the venue cut ${shownPlural(cutAsSlow, 'connection')} that did not read in time, and nobody saw what it executed until they were back. Run the demo with a lower --trades-per-second.`;
  }
  if (unheard > 0) {
    return `While ${shownCount(unheard)} of them were executed, their shard had no connection, as after an ingestor has ended: \`REDUNDANCY=2\` with \`--ingestors 3\` has spare ones.`;
  }
  return 'The venue had sent them to the recorder, which must not lose any: this is a fault of polytape.';
}

/** The summary for a person. */
export function renderSummary(summary: Summary): string[] {
  const rows: [string, string][] = [
    ...(summary.executed === null
      ? []
      : [['executed by the venue', shownCount(summary.executed)] satisfies [string, string]]),
    ['recorded', shownCount(summary.recorded)],
    ...(summary.missing === null ? [] : [['missing', shownCount(summary.missing)] satisfies [string, string]]),
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
  return ms === null ? 'unknown' : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}
