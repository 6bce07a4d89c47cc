/** One trade as the terminal shows it. */
export type ShownTrade = {
  atMs: number;
  side: string;
  price: string;
  size: string;
  outcome: string | null;
  question: string | null;
};

/** What the terminal shows of a running recorder; rates are per second over the last second or two. */
export type Snapshot = {
  title: string;
  elapsedMs: number;
  /** Length of the run; null when it has no end. */
  forMs: number | null;
  /** Trades that the simulated venue executed; null with any other venue. */
  executed: number | null;
  shards: number;
  connections: number;
  tokens: number;
  coveredTokens: number;
  framesPerSecond: number;
  tradesPerSecond: number;
  recorded: number;
  recordedPerSecond: number;
  p50Ms: number | null;
  p99Ms: number | null;
  /** Messages on their way to JetStream. */
  unpublished: number;
  unparsed: number;
  deadLetters: number;
  restarts: number;
  /** Why something does not do its job, by service. */
  troubles: string[];
  /** The newest first. */
  trades: ShownTrade[];
};

/** The screen that is updated in place, one string a line, none longer than `columns`. */
export function renderScreen(s: Snapshot, columns: number): string[] {
  const time = s.forMs === null ? clock(s.elapsedMs) : `${clock(s.elapsedMs)} of ${clock(s.forMs)}`;
  const lines = [
    `${s.title}  ${time}`,
    '',
    ...(s.executed === null ? [] : [`  venue     ${count(s.executed)} trades executed`]),
    `  ingestor  ${s.connections} of ${s.shards} connections, ${count(s.coveredTokens)} of ${count(s.tokens)} tokens covered`,
    `            ${rate(s.framesPerSecond)} frames/s, ${rate(s.tradesPerSecond)} trades/s, ${count(s.unpublished)} on their way to the log`,
    `  writer    ${count(s.recorded)} trades recorded, ${rate(s.recordedPerSecond)}/s`,
    `            receive to committed row: p50 ${milliseconds(s.p50Ms)}, p99 ${milliseconds(s.p99Ms)}`,
    ...(s.unparsed + s.deadLetters + s.restarts === 0
      ? []
      : [
          `  set aside ${count(s.unparsed)} unparsed, ${count(s.deadLetters)} dead letters; processes restarted: ${count(s.restarts)}`,
        ]),
    ...s.troubles.map((trouble) => `  !  ${trouble}`),
    '',
    ...s.trades.map(renderTrade),
  ];
  return lines.map((line) => cut(line, columns));
}

/** The same in one line, for where nothing can be updated in place. */
export function renderLine(s: Snapshot): string {
  const executed = s.executed === null ? '' : `executed ${count(s.executed)}, `;
  const [newest] = s.trades;
  return [
    `${clock(s.elapsedMs)}  ${executed}recorded ${count(s.recorded)} (${rate(s.recordedPerSecond)}/s)`,
    `${s.connections} of ${s.shards} connections, ${rate(s.framesPerSecond)} frames/s`,
    `p50 ${milliseconds(s.p50Ms)}, p99 ${milliseconds(s.p99Ms)}`,
    ...(newest === undefined
      ? []
      : [`last: ${newest.side} ${newest.size} at ${newest.price}, ${newest.question ?? 'unknown market'}`]),
    ...s.troubles,
  ].join('; ');
}

function renderTrade(trade: ShownTrade): string {
  const time = new Date(trade.atMs).toISOString().slice(11, 23);
  const size = Number(trade.size).toFixed(2).padStart(11);
  const outcome = cut(trade.outcome ?? '', 10).padEnd(10);
  return `  ${time}  ${trade.side.padEnd(4)}  ${trade.price.padEnd(6)} ${size}  ${outcome}  ${trade.question ?? 'a market not described yet'}`;
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, Math.max(0, length - 1))}…`;
}

function clock(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  const parts = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  const [hours, minutes, rest] = parts.map((part) => String(part).padStart(2, '0'));
  return hours === '00' ? `${minutes}:${rest}` : `${hours}:${minutes}:${rest}`;
}

function count(number: number): string {
  return Math.round(number).toLocaleString('en-US');
}

function rate(perSecond: number): string {
  return perSecond > 0 && perSecond < 10 ? perSecond.toFixed(1) : count(perSecond);
}

function milliseconds(ms: number | null): string {
  return ms === null ? '–' : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}
