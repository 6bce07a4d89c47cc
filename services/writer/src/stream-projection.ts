import type { StreamMessage, StreamName } from '@polytape/bus';
import {
  type DeadLetter,
  type ProjectedRows,
  type ProjectionBatch,
  type RetainedTable,
  type StreamPosition,
  TradeRows,
} from '@polytape/tapedb';
import {
  type DecodedSnapshots,
  decodeBooks,
  decodeFact,
  decodeMarket,
  decodePrices,
  decodeTrade,
  decodeUnparsed,
  isConnectionId,
  MalformedMessageError,
  PROVENANCE_HEADERS,
} from '@polytape/types';

/** What one stream becomes in the database. */
export type StreamProjection = {
  stream: StreamName;
  /** The stream keeps only the last message of a subject: its sequences have gaps, which are no loss. */
  keepsLastOnly: boolean;
  /** Tables whose old rows this stream's writer drops after the days of a setting. */
  retained: readonly RetainedTable[];
  /**
   * Adds the rows of one message. @returns The part of it that cannot be stored, if there is one.
   *
   * @throws {MalformedMessageError} The message is malformed.
   */
  add: (message: StreamMessage, rows: ProjectedRows) => RefusedPart | undefined;
  /** A message holds many snapshots. If the database rejects it, they are stored one by one. */
  hasPages?: true;
};

/** What a message holds besides its rows, as the body of a message of its own; null if only the whole body can be kept. */
type RefusedPart = { body: Uint8Array | null; reason: string };

/** Every projected stream, and its rows. */
export const streamProjections: readonly StreamProjection[] = [
  {
    stream: 'TRADES',
    keepsLastOnly: false,
    retained: ['trades'],
    add: (message, rows) => {
      const { subject, body } = message;
      const named = message.header(PROVENANCE_HEADERS.connection);
      const connectionId = isConnectionId(named) ? named : null;
      if (rows.trades.addMessage(subject, body, connectionId)) return;
      rows.trades.add({ ...decodeTrade(subject, body), connectionId });
    },
  },
  {
    stream: 'PRICES',
    keepsLastOnly: false,
    retained: ['price_snapshots'],
    hasPages: true,
    add: (message, rows) => addSnapshots(decodePrices(message.subject, message.body), rows.prices),
  },
  {
    stream: 'BOOKS',
    keepsLastOnly: false,
    retained: ['book_snapshots'],
    hasPages: true,
    add: (message, rows) => addSnapshots(decodeBooks(message.subject, message.body), rows.books),
  },
  {
    stream: 'MARKETS',
    keepsLastOnly: true,
    retained: [],
    add: (message, rows) => void rows.markets.push(decodeMarket(message.subject, message.body)),
  },
  {
    stream: 'EVENTS',
    keepsLastOnly: false,
    retained: [],
    add: (message, rows) => void rows.facts.push(decodeFact(message.subject, message.body)),
  },
  {
    stream: 'UNPARSED',
    keepsLastOnly: false,
    retained: ['unparsed', 'dead_letters'],
    add: (message, rows) => void rows.unparsed.push(decodeUnparsed(message.subject, message.body)),
  },
];

function addSnapshots<Row>({ snapshots, refused }: DecodedSnapshots<Row>, rows: Row[]): RefusedPart | undefined {
  for (const snapshot of snapshots) rows.push(snapshot);
  if (refused === null) return undefined;
  const { page, reason } = refused;
  return { reason, body: page === null ? null : ENCODER.encode(JSON.stringify(page)) };
}

const ENCODER = new TextEncoder();

/** The transaction that stores these messages and moves the position to the last of them. */
export function projectMessages(
  projection: StreamProjection,
  messages: readonly [StreamMessage, ...StreamMessage[]],
  place: { from: StreamPosition | null; streamCreatedAt: string },
): ProjectionBatch {
  const last = messages.at(-1) ?? messages[0];
  const rows: ProjectedRows = { trades: new TradeRows(), prices: [], books: [], markets: [], facts: [], unparsed: [] };
  const deadLetters: DeadLetter[] = [];
  for (const message of messages) {
    try {
      const refused = projection.add(message, rows);
      if (refused !== undefined)
        deadLetters.push({ ...deadLetter(message, refused.reason), body: refused.body ?? message.body });
    } catch (error) {
      if (!(error instanceof MalformedMessageError)) throw error;
      deadLetters.push(deadLetter(message, error.message));
    }
  }
  return {
    stream: projection.stream,
    from: place.from,
    to: positionOf(last, place.streamCreatedAt),
    rows,
    deadLetters,
  };
}

/** The transaction that keeps a message that cannot be stored whole as a dead letter, and moves the position to it. */
export function projectDeadLetter(
  projection: StreamProjection,
  message: StreamMessage,
  place: { from: StreamPosition | null; streamCreatedAt: string; reason: string },
): ProjectionBatch {
  return {
    stream: projection.stream,
    from: place.from,
    to: positionOf(message, place.streamCreatedAt),
    rows: {},
    deadLetters: [deadLetter(message, place.reason)],
  };
}

function positionOf(message: StreamMessage, streamCreatedAt: string): StreamPosition {
  return { streamCreatedAt, sequence: message.sequence, messageAtMs: message.storedAtMs, messageId: message.messageId };
}

function deadLetter(message: StreamMessage, reason: string): DeadLetter {
  const { sequence, subject, messageId, storedAtMs, body } = message;
  return { sequence, subject, messageId, storedAtMs, body, reason };
}
