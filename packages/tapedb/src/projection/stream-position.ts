import { storableText } from '@polytape/types';
import type { ClientBase, Pool } from 'pg';
import { PositionConflictError } from '../errors.ts';

/** Up to where the messages of a stream are in the database. */
export type StreamPosition = {
  /** Which stream of that name: the time at which it was made. */
  incarnation: string;
  /** Stream sequence of the last message that is stored; 0 before the first. */
  sequence: number;
  /** When the broker stored that message, milliseconds since the epoch; null when it is not known. */
  messageAtMs: number | null;
  /** Its Nats-Msg-Id, null when it had none. A NUL in it is stored as U+FFFD. */
  messageId: string | null;
};

/** Reads the position of a stream; null when nothing of it was stored yet. */
export async function readPosition(pool: Pool, stream: string): Promise<StreamPosition | null> {
  const { rows } = await pool.query<{ created: string; sequence: string; at: string | null; id: string | null }>(
    `SELECT stream_created_at AS created, sequence, (extract(epoch FROM message_at) * 1000)::bigint AS at, message_id AS id
     FROM stream_positions WHERE stream = $1`,
    [stream],
  );
  const row = rows[0];
  if (row === undefined) return null;
  return {
    incarnation: row.created,
    sequence: Number(row.sequence),
    messageAtMs: row.at === null ? null : Number(row.at),
    messageId: row.id,
  };
}

/**
 * Moves a position by compare-and-set, within the transaction of `client`. The row stays locked until its end, so two
 * writers of one stream go one after the other, and the second finds that it is late.
 *
 * @param move.to Null forgets the position: reading starts from the first message.
 * @throws {PositionConflictError} The position is not `from`.
 */
export async function movePosition(
  client: ClientBase,
  move: { stream: string; from: StreamPosition | null; to: StreamPosition | null },
): Promise<void> {
  const { stream, from, to } = move;
  if (from === null && to === null) return;
  const { rowCount } = await client.query(statement(stream, from, to));
  if (rowCount === 0) throw new PositionConflictError(stream);
}

function statement(stream: string, from: StreamPosition | null, to: StreamPosition | null) {
  if (to === null) {
    return {
      text: 'DELETE FROM stream_positions WHERE stream = $1 AND stream_created_at = $2 AND sequence = $3',
      values: [stream, from?.incarnation ?? null, from?.sequence ?? null],
    };
  }
  const next = [
    to.incarnation,
    to.sequence,
    to.messageAtMs === null ? null : new Date(to.messageAtMs),
    to.messageId === null ? null : storableText(to.messageId),
  ];
  if (from === null) {
    return {
      text: `INSERT INTO stream_positions (stream, stream_created_at, sequence, message_at, message_id)
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (stream) DO NOTHING`,
      values: [stream, ...next],
    };
  }
  return {
    name: 'move_position',
    text: `UPDATE stream_positions
           SET stream_created_at = $2, sequence = $3, message_at = $4, message_id = $5, moved_at = now()
           WHERE stream = $1 AND stream_created_at = $6 AND sequence = $7`,
    values: [stream, ...next, from.incarnation, from.sequence],
  };
}
