import { storableText } from '@polytape/types';
import type { Pool } from 'pg';
import { beginAndMovePosition, type StreamPosition } from './stream-position.ts';

/** A row of `losses`: a stream did not hold what the database's position promised. */
export type Loss = {
  stream: string;
  /**
   * `expired_unread`: messages after the position are gone. `tail_lost`: the message at the position is missing or another
   * one. `tail_rewritten`: the same, and the message has come again since, or the stream keeps only the last message of a
   * subject. `stream_replaced`: the stream was deleted and recreated.
   */
  kind: 'expired_unread' | 'tail_lost' | 'tail_rewritten' | 'stream_replaced';
  /** The position before the loss. */
  from: StreamPosition | null;
  /** The position from which reading continues. */
  to: StreamPosition;
  /** What was found, for the operator. */
  detail: string;
};

/** Stores the row and moves the position in one transaction, so that a loss is recorded once. */
export async function storeLoss(pool: Pool, loss: Loss): Promise<void> {
  const { stream, kind, from, to, detail } = loss;
  const client = await pool.connect();
  let fit = false; // to go back to the pool
  try {
    await beginAndMovePosition(client, loss);
    await client.query(
      `INSERT INTO losses
         (stream, kind, from_stream_created_at, from_sequence, from_at, to_stream_created_at, to_sequence, to_at, detail)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [stream, kind, ...columns(from), ...columns(to), storableText(detail.slice(0, DETAIL_LENGTH_MAX))],
    );
    await client.query('COMMIT');
    fit = true;
  } finally {
    client.release(!fit);
  }
}

function columns(position: StreamPosition | null): [string | null, number | null, Date | null] {
  if (position === null) return [null, null, null];
  const { streamCreatedAt, sequence, messageAtMs } = position;
  return [streamCreatedAt, sequence, messageAtMs === null ? null : new Date(messageAtMs)];
}

const DETAIL_LENGTH_MAX = 4_096;
