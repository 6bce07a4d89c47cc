import { storableText, type Unparsed } from '@polytape/types';
import type { ClientBase } from 'pg';
import type { DeadLetter } from './projection-batch.ts';

/**
 * Bodies that could not be read: `unparsed` from the venue, `dead_letters` from the stream. They are stored as bytes, so
 * that no body is refused, with a statement each: they are rare, and a batch of them could become too large.
 */
export async function storeUnparsed(client: ClientBase, records: Unparsed[]): Promise<void> {
  for (const record of records) {
    await client.query({
      name: 'store_unparsed',
      text: `INSERT INTO unparsed
               (connection_id, counter, received_at, reason, encoding, body, length_bytes, sha256)
             VALUES ($1, $2, timestamptz 'epoch' + $3 * interval '1 microsecond', $4, $5, $6, $7, decode($8, 'hex'))
             ON CONFLICT (connection_id, counter) DO NOTHING`,
      values: [
        record.connectionId,
        record.counter,
        record.receivedAtUs,
        storableText(record.reason.slice(0, REASON_LENGTH_MAX)),
        record.encoding,
        Buffer.from(record.body, record.encoding),
        record.lengthBytes,
        record.sha256,
      ],
    });
  }
}

/** Must not fail because of a letter's content: this is the last place for a message that failed everywhere else. */
export async function storeDeadLetters(
  client: ClientBase,
  stream: { name: string; streamCreatedAt: string },
  letters: DeadLetter[],
): Promise<void> {
  for (const letter of letters) {
    await client.query({
      name: 'store_dead_letter',
      text: `INSERT INTO dead_letters (stream, stream_created_at, sequence, stored_at, subject, message_id, reason, body)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (stream, stream_created_at, sequence, stored_at) DO NOTHING`,
      values: [
        stream.name,
        stream.streamCreatedAt,
        letter.sequence,
        new Date(letter.storedAtMs),
        storableText(letter.subject),
        letter.messageId === null ? null : storableText(letter.messageId),
        storableText(letter.reason.slice(0, REASON_LENGTH_MAX)),
        Buffer.from(letter.body.buffer, letter.body.byteOffset, letter.body.byteLength),
      ],
    });
  }
}

const REASON_LENGTH_MAX = 4_096;
