import type { StreamMessage, StreamName } from '@polytape/bus';
import type { DeadLetter, ProjectionBatch, StreamPosition } from '@polytape/tapedb';
import { PROVENANCE_HEADERS } from '@polytape/types';
import { decodeMarket, decodeTrade, decodeUnparsed, MalformedMessageError } from './decode-message.ts';

/** What one stream becomes in the database. */
export type StreamProjection = {
  stream: StreamName;
  /** True where the stream keeps only the last message of a subject: sequences have holes, and none of them is a loss. */
  keepsLastOnly: boolean;
  /** Puts one message's rows into the batch. @throws {MalformedMessageError} It has none. */
  add: (message: StreamMessage, batch: ProjectionBatch) => void;
};

/** Every stream that is projected, and how. */
export const streamProjections: readonly StreamProjection[] = [
  {
    stream: 'TRADES',
    keepsLastOnly: false,
    add: (message, batch) => {
      const trade = decodeTrade(message.subject, message.body);
      batch.trades.push({ ...trade, connectionId: message.header(PROVENANCE_HEADERS.connection) });
    },
  },
  {
    stream: 'MARKETS',
    keepsLastOnly: true,
    add: (message, batch) => batch.markets.push(decodeMarket(message.subject, message.body)),
  },
  {
    stream: 'COVERAGE',
    keepsLastOnly: false,
    add: (message, batch) => batch.unparsed.push(decodeUnparsed(message.subject, message.body)),
  },
];

/** The transaction that stores these messages and moves the position behind the last of them. */
export function projectMessages(
  projection: StreamProjection,
  messages: readonly [StreamMessage, ...StreamMessage[]],
  place: { from: StreamPosition | null; incarnation: string },
): ProjectionBatch {
  const last = messages.at(-1) ?? messages[0];
  const batch: ProjectionBatch = {
    stream: projection.stream,
    from: place.from,
    to: positionOf(last, place.incarnation),
    trades: [],
    markets: [],
    unparsed: [],
    deadLetters: [],
  };
  for (const message of messages) {
    try {
      projection.add(message, batch);
    } catch (error) {
      if (!(error instanceof MalformedMessageError)) throw error;
      batch.deadLetters.push(deadLetter(message, error.message));
    }
  }
  return batch;
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
    trades: [],
    markets: [],
    unparsed: [],
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
