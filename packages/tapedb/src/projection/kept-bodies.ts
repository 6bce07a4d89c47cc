import { isConnectionId, storableText, type Unparsed } from '@polytape/types';
import type { ClientBase } from 'pg';
import { check } from '../copy/field-check.ts';
import type { DeadLetter } from './projection-batch.ts';

/**
 * Bodies that nobody could read: `unparsed` from the venue, `dead_letters` from the stream. They are stored as bytes, so
 * that no body is refused. One statement each: they are rare, and their size would make a batch of them a hazard.
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

/** @throws {UnstorableValueError} A field that names the record is not what it should be. */
export function checkUnparsed(record: Unparsed): void {
  check(isConnectionId(record?.connectionId), 'connectionId', record?.connectionId);
  check(Number.isSafeInteger(record.counter), 'counter', record.counter);
  check(Number.isSafeInteger(record.receivedAtUs), 'receivedAtUs', record.receivedAtUs);
  check(typeof record.reason === 'string', 'reason', record.reason);
  check(record.encoding === 'utf8' || record.encoding === 'base64', 'encoding', record.encoding);
  check(typeof record.body === 'string', 'body', record.body);
  check(Number.isSafeInteger(record.lengthBytes), 'lengthBytes', record.lengthBytes);
  check(typeof record.sha256 === 'string' && /^[0-9a-f]{64}$/.test(record.sha256), 'sha256', record.sha256);
}

/** Must not fail for what stands in a letter: it is the end of the road for a message that failed everywhere else. */
export async function storeDeadLetters(
  client: ClientBase,
  stream: { name: string; incarnation: string },
  letters: DeadLetter[],
): Promise<void> {
  for (const letter of letters) {
    await client.query({
      name: 'store_dead_letter',
      text: `INSERT INTO dead_letters (stream, stream_created_at, sequence, stored_at, subject, message_id, reason, body)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (stream, stream_created_at, sequence) DO NOTHING`,
      values: [
        stream.name,
        stream.incarnation,
        letter.sequence,
        letter.storedAtMs === null ? null : new Date(letter.storedAtMs),
        storableText(letter.subject),
        letter.messageId === null ? null : storableText(letter.messageId),
        storableText(letter.reason.slice(0, REASON_LENGTH_MAX)),
        Buffer.from(letter.body.buffer, letter.body.byteOffset, letter.body.byteLength),
      ],
    });
  }
}

const REASON_LENGTH_MAX = 4_096;
