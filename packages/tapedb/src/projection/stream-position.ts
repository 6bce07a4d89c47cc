import { storableText } from '@polytape/types';
import { type ClientBase, escapeLiteral, type Pool, type QueryResult } from 'pg';
import { PositionConflictError } from '../errors.ts';
import { KEYS_DATABASE } from './key-dictionary.ts';

/** The last message of a stream that is stored in the database. */
export type StreamPosition = {
  /** When the stream was created: tells two streams of the same name apart. */
  streamCreatedAt: string;
  /** Sequence of the last stored message; 0 before the first. */
  sequence: number;
  /** When the broker stored that message, milliseconds since the epoch; null when there is no message at the sequence. */
  messageAtMs: number | null;
  /** Its Nats-Msg-Id; null when it had none. A NUL in it is stored as U+FFFD. */
  messageId: string | null;
};

/** Reads the position of a stream; null when nothing of it is stored yet. */
export async function readPosition(pool: Pool, stream: string): Promise<StreamPosition | null> {
  const { rows } = await pool.query<StreamPosition>(
    `SELECT stream_created_at AS "streamCreatedAt", sequence::float8, message_id AS "messageId",
            (extract(epoch FROM message_at) * 1000)::float8 AS "messageAtMs"
     FROM stream_positions WHERE stream = $1`,
    [stream],
  );
  return rows[0] ?? null;
}

/**
 * Begins a transaction and moves a position in it by compare-and-set, in one round trip. The row stays locked until the end of
 * the transaction, so two writers of one stream go one after the other, and the second one fails.
 *
 * @returns The database in which it moved, see `KEYS_DATABASE`.
 * @throws {PositionConflictError} The position is not `from`.
 */
export async function beginAndMovePosition(
  client: ClientBase,
  move: { stream: string; from: StreamPosition | null; to: StreamPosition },
): Promise<string> {
  if (!prepared.has(client)) await client.query(PREPARE);
  prepared.add(client);
  const results: unknown = await client.query(`BEGIN; ${statement(move)}`);
  const [moved] = (results as QueryResult<{ database: string }>[])[1]?.rows ?? [];
  if (moved === undefined) throw new PositionConflictError(move.stream);
  return moved.database;
}

function statement({ stream, from, to }: { stream: string; from: StreamPosition | null; to: StreamPosition }): string {
  const literals = [
    escapeLiteral(stream),
    escapeLiteral(to.streamCreatedAt),
    String(to.sequence),
    to.messageAtMs === null ? 'NULL' : escapeLiteral(new Date(to.messageAtMs).toISOString()),
    to.messageId === null ? 'NULL' : escapeLiteral(storableText(to.messageId)),
  ].join(', ');
  if (from !== null)
    return `EXECUTE move_position (${literals}, ${escapeLiteral(from.streamCreatedAt)}, ${from.sequence})`;
  return `INSERT INTO stream_positions (stream, stream_created_at, sequence, message_at, message_id)
    VALUES (${literals}) ON CONFLICT (stream) DO NOTHING RETURNING ${KEYS_DATABASE} AS database`;
}

/** Prepared, because planning takes longer than executing. */
const PREPARE = `PREPARE move_position (text, text, bigint, timestamptz, text, text, bigint) AS
  UPDATE stream_positions
  SET stream_created_at = $2, sequence = $3, message_at = $4, message_id = $5, moved_at = now()
  WHERE stream = $1 AND stream_created_at = $6 AND sequence = $7 RETURNING ${KEYS_DATABASE} AS database`;
const prepared = new WeakSet<ClientBase>();
