import type { Side } from '@polytape/types';
import type { Pool } from 'pg';

/** A trade as `trade_tape` shows it, for people. */
export type TapeTrade = {
  tokenId: string;
  /** Null until the market's document is stored. */
  question: string | null;
  outcome: string | null;
  side: Side;
  /** Decimal strings. */
  price: string;
  size: string;
  exchangeAtMs: number;
  receivedAtUs: number;
};

/** The content of a trade, and the number of recorded trades with it; for comparing the tape with a ledger. */
export type RecordedTrade = {
  tokenId: string;
  conditionId: string | null;
  exchangeAtMs: number;
  /** Decimal strings as `canonicalDecimal` writes them. */
  price: string;
  size: string;
  side: Side;
  transactionHash: string | null;
  count: number;
};

export async function tradeCount(pool: Pool, options: { receivedSinceUs?: number }): Promise<number> {
  const since = options.receivedSinceUs;
  const { rows } = await pool.query<{ count: number }>(
    // Trades are received within seconds of the venue's time; a margin of a day still excludes older chunks.
    `SELECT count(*)::float8 AS count FROM trades
     WHERE $1::float8 IS NULL
        OR (received_at >= to_timestamp($1 / 1e6) AND ts >= to_timestamp($1 / 1e6) - interval '1 day')`,
    [since ?? null],
  );
  return rows[0]?.count ?? 0;
}

export async function recentTrades(pool: Pool, limit: number): Promise<TapeTrade[]> {
  const { rows } = await pool.query<TapeTrade>(
    `SELECT token_id AS "tokenId", question, outcome, side, price, size,
            (extract(epoch FROM ts) * 1000)::float8 AS "exchangeAtMs",
            (extract(epoch FROM received_at) * 1000000)::float8 AS "receivedAtUs"
     FROM trade_tape ORDER BY ts DESC LIMIT $1`,
    [limit],
  );
  return rows;
}

/** Reads through a cursor, since a tape does not fit into memory. The caller must not pause for longer than 30 s. */
export async function* recordedTrades(pool: Pool): AsyncGenerator<RecordedTrade> {
  const client = await pool.connect();
  let fit = false; // to go back to the pool
  try {
    await client.query('BEGIN READ ONLY');
    await client.query(
      `DECLARE recorded NO SCROLL CURSOR FOR
       SELECT token_id AS "tokenId", condition_id AS "conditionId",
              (extract(epoch FROM ts) * 1000)::float8 AS "exchangeAtMs", trim_scale(price)::text AS price,
              trim_scale(size)::text AS size, side, transaction_hash AS "transactionHash", count(*)::float8 AS count
       FROM trade_tape
       GROUP BY token_id, condition_id, ts, trim_scale(price), trim_scale(size), side, transaction_hash`,
    );
    for (;;) {
      const { rows } = await client.query<RecordedTrade>(`FETCH ${FETCH_ROWS} FROM recorded`);
      if (rows.length === 0) break;
      yield* rows;
    }
    await client.query('COMMIT');
    fit = true;
  } finally {
    // When the caller stops early the connection is closed, and the cursor with it.
    client.release(!fit);
  }
}

const FETCH_ROWS = 5_000;
