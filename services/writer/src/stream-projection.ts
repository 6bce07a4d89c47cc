import type { StreamMessage, StreamName } from '@polytape/bus';
import type { DeadLetter, ProjectedRows, ProjectionBatch, RetainedTable, StreamPosition } from '@polytape/tapedb';
import {
  decodeBook,
  decodeFact,
  decodeMarket,
  decodePrice,
  decodeTrade,
  decodeUnparsed,
  MalformedMessageError,
  PROVENANCE_HEADERS,
} from '@polytape/types';

/** What one stream becomes in the database. */
export type StreamProjection = {
  stream: StreamName;
  /** True where the stream keeps only the last message of a subject: sequences have holes, and none of them is a loss. */
  keepsLastOnly: boolean;
  /** Table that loses its old rows after the days of a setting; null where all are kept. */
  retained: RetainedTable | null;
  /** Puts one message's rows to the others. @throws {MalformedMessageError} It has none. */
  add: (message: StreamMessage, rows: ProjectedRows) => void;
};

/** Every stream that is projected, and how. */
export const streamProjections: readonly StreamProjection[] = [
  {
    stream: 'TRADES',
    keepsLastOnly: false,
    retained: 'trades',
    add: (message, rows) => {
      const trade = decodeTrade(message.subject, message.body);
      rows.trades.push({ ...trade, connectionId: message.header(PROVENANCE_HEADERS.connection) });
    },
  },
  {
    stream: 'PRICES',
    keepsLastOnly: false,
    retained: 'price_snapshots',
    add: (message, rows) => rows.prices.push(decodePrice(message.subject, message.body)),
  },
  {
    stream: 'BOOKS',
    keepsLastOnly: false,
    retained: 'book_snapshots',
    add: (message, rows) => rows.books.push(decodeBook(message.subject, message.body)),
  },
  {
    stream: 'MARKETS',
    keepsLastOnly: true,
    retained: null,
    add: (message, rows) => rows.markets.push(decodeMarket(message.subject, message.body)),
  },
  {
    stream: 'EVENTS',
    keepsLastOnly: false,
    retained: null,
    add: (message, rows) => rows.facts.push(decodeFact(message.subject, message.body)),
  },
  {
    stream: 'UNPARSED',
    keepsLastOnly: false,
    retained: null,
    add: (message, rows) => rows.unparsed.push(decodeUnparsed(message.subject, message.body)),
  },
];

/** The transaction that stores these messages and moves the position behind the last of them. */
export function projectMessages(
  projection: StreamProjection,
  messages: readonly [StreamMessage, ...StreamMessage[]],
  place: { from: StreamPosition | null; incarnation: string },
): ProjectionBatch {
  const last = messages.at(-1) ?? messages[0];
  const rows: ProjectedRows = { trades: [], prices: [], books: [], markets: [], facts: [], unparsed: [] };
  const deadLetters: DeadLetter[] = [];
  for (const message of messages) {
    try {
      projection.add(message, rows);
    } catch (error) {
      if (!(error instanceof MalformedMessageError)) throw error;
      deadLetters.push(deadLetter(message, error.message));
    }
  }
  return { stream: projection.stream, from: place.from, to: positionOf(last, place.incarnation), rows, deadLetters };
}

/** The transaction that gives up on one message: it is kept whole, with the reason, and the log goes on behind it. */
export function projectDeadLetter(
  projection: StreamProjection,
  message: StreamMessage,
  place: { from: StreamPosition | null; incarnation: string; reason: string },
): ProjectionBatch {
  return {
    stream: projection.stream,
    from: place.from,
    to: positionOf(message, place.incarnation),
    rows: {},
    deadLetters: [deadLetter(message, place.reason)],
  };
}

function positionOf(message: StreamMessage, incarnation: string): StreamPosition {
  return { incarnation, sequence: message.sequence, messageAtMs: message.storedAtMs, messageId: message.messageId };
}

function deadLetter(message: StreamMessage, reason: string): DeadLetter {
  const { sequence, subject, messageId, storedAtMs, body } = message;
  return { sequence, subject, messageId, storedAtMs, body, reason };
}
