import { shownText } from '@polytape/service';
import { shownCount, shownPlural, shownRate } from '../operator/shown-value.ts';

/** A trade on the screen. */
export type ShownTrade = {
  atMs: number;
  side: string;
  price: string;
  size: string;
  outcome: string | null;
  question: string | null;
};

/** The content of the screen. Rates are per second since the last screen. */
export type Snapshot = {
  title: string;
  elapsedMs: number;
  /** Length of the run; null if it is unlimited. */
  forMs: number | null;
  /** Trades that the simulated venue executed; null for any other venue. */
  executed: number | null;
  shards: number;
  /** Shards that have a connection. */
  connectedShards: number;
  tokens: number;
  coveredTokens: number;
  framesPerSecond: number;
  tradesPerSecond: number;
  /** Open markets known to the leading scheduler. */
  markets: number;
  /** Snapshots and resolution steps published so far. */
  prices: number;
  books: number;
  resolutionSteps: number;
  recorded: number;
  recordedPerSecond: number;
  p50Ms: number | null;
  p99Ms: number | null;
  /** Messages that JetStream has not acknowledged yet. */
  unpublished: number;
  unparsed: number;
  deadLetters: number;
  restarts: number;
  /** Why services are not ready. */
  troubles: string[];
  /** Newest first. */
  trades: ShownTrade[];
};

/** Renders the screen: one string per line, none longer than `columns`. */
export function renderScreen(s: Snapshot, columns: number): string[] {
  const time = s.forMs === null ? clock(s.elapsedMs) : `${clock(s.elapsedMs)} of ${clock(s.forMs)}`;
  const lines = [
    `${s.title}  ${time}`,
    '',
    ...(s.executed === null ? [] : [`  venue     ${shownCount(s.executed)} trades executed`]),
    `  scheduler ${shownCount(s.markets)} open markets; ${shownCount(s.prices)} prices, ${shownCount(s.books)} books, ${shownPlural(s.resolutionSteps, 'resolution step')}`,
    `  ingestor  ${shownCount(s.connectedShards)} of ${shownPlural(s.shards, 'shard')} connected, ${shownCount(s.coveredTokens)} of ${shownCount(s.tokens)} tokens covered`,
    `            ${shownRate(s.framesPerSecond)} frames/s, ${shownRate(s.tradesPerSecond)} trades/s, ${shownCount(s.unpublished)} waiting for the log`,
    `  writer    ${shownCount(s.recorded)} trades recorded, ${shownRate(s.recordedPerSecond)}/s`,
    `            receive to committed row: p50 ${milliseconds(s.p50Ms)}, p99 ${milliseconds(s.p99Ms)}`,
    ...(s.unparsed + s.deadLetters + s.restarts === 0
      ? []
      : [
          `  set aside ${shownCount(s.unparsed)} unparsed, ${shownPlural(s.deadLetters, 'dead letter')}; processes restarted: ${shownCount(s.restarts)}`,
        ]),
    ...s.troubles.map((trouble) => `  !  ${trouble}`),
    '',
    ...s.trades.map(renderTrade),
  ];
  return lines.map((line) => cut(shownText(line), columns));
}

/** Renders the same as one line, for output that cannot be updated in place. */
export function renderLine(s: Snapshot): string {
  const executed = s.executed === null ? '' : `executed ${shownCount(s.executed)}, `;
  const [newest] = s.trades;
  const parts = [
    `${clock(s.elapsedMs)}  ${executed}recorded ${shownCount(s.recorded)} (${shownRate(s.recordedPerSecond)}/s)`,
    `${shownCount(s.connectedShards)} of ${shownPlural(s.shards, 'shard')} connected, ${shownRate(s.framesPerSecond)} frames/s`,
    `p50 ${milliseconds(s.p50Ms)}, p99 ${milliseconds(s.p99Ms)}`,
    ...(newest === undefined
      ? []
      : [`last: ${newest.side} ${newest.size} at ${newest.price}, ${newest.question ?? 'unknown market'}`]),
    ...s.troubles,
  ];
  return shownText(parts.join('; '));
}

function renderTrade(trade: ShownTrade): string {
  const time = new Date(trade.atMs).toISOString().slice(11, 23);
  const size = Number(trade.size).toFixed(2).padStart(11);
  const outcome = cut(trade.outcome ?? '', 10).padEnd(10);
  return `  ${time}  ${trade.side.padEnd(4)}  ${trade.price.padEnd(6)} ${size}  ${outcome}  ${trade.question ?? 'unknown market'}`;
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

function milliseconds(ms: number | null): string {
  return ms === null ? '–' : `${ms < 10 ? ms.toFixed(1) : shownCount(ms)} ms`;
}
