import { once } from 'node:events';
import type { ClientBase, Pool, PoolClient } from 'pg';
import { DatabaseError } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { BatchRejectedError } from './batch-rejected-error.ts';
import { checkUnparsed, storeDeadLetters, storeUnparsed } from './kept-bodies.ts';
import { KeyDictionary } from './key-dictionary.ts';
import { introduceTokens, type MarketDocuments, marketDocuments, storeMarkets } from './market-rows.ts';
import { PositionConflictError } from './position-conflict-error.ts';
import type { ApplyResult, ProjectionBatch, TradeRow } from './projection-batch.ts';
import { movePosition } from './stream-position.ts';
import { checkTrade, TRADE_COLUMNS, tradeCopy } from './trade-copy.ts';
import { UnstorableValueError } from './unstorable-value-error.ts';

/**
 * Messages become rows here, and the stream's position moves with them: one transaction for both, so that a crash
 * leaves either nothing or all of a batch.
 */
export class Projection {
  readonly #pool: Pool;
  readonly #tokens: KeyDictionary;
  readonly #connections: KeyDictionary;
  /** Connections that have the temporary table. */
  readonly #prepared = new WeakSet<PoolClient>();

  constructor(pool: Pool) {
    this.#pool = pool;
    this.#tokens = new KeyDictionary({
      pool,
      keysMax: TOKEN_KEYS_MAX,
      lookUp: 'SELECT token_id AS id, token_key AS key FROM tokens WHERE token_id = ANY ($1::text[])',
      insert: `INSERT INTO tokens (token_id, condition_id)
               SELECT id, condition_id FROM unnest($1::text[], $2::text[]) AS missing (id, condition_id)
               ORDER BY id COLLATE "C"
               ON CONFLICT (token_id) DO NOTHING
               RETURNING token_id AS id, token_key AS key`,
    });
    this.#connections = new KeyDictionary({
      pool,
      keysMax: CONNECTION_KEYS_MAX,
      lookUp:
        'SELECT connection_id AS id, connection_key AS key FROM connections WHERE connection_id = ANY ($1::text[])',
      insert: `INSERT INTO connections (connection_id)
               SELECT id FROM unnest($1::text[], $2::text[]) AS missing (id, nothing)
               ORDER BY id COLLATE "C"
               ON CONFLICT (connection_id) DO NOTHING
               RETURNING connection_id AS id, connection_key AS key`,
    });
  }

  /** See `Database.apply`. */
  async apply(batch: ProjectionBatch): Promise<ApplyResult> {
    try {
      return await this.#apply(batch);
    } catch (error) {
      if (isRejection(error)) throw new BatchRejectedError((error as Error).message, { cause: error });
      // The keys in memory may belong to a database that is gone: restored from a backup, or failed over to a replica
      // that never saw the transaction that gave them out. A wrong key would put a trade under a wrong token.
      this.#tokens.forget();
      this.#connections.forget();
      throw error;
    }
  }

  async #apply(batch: ProjectionBatch): Promise<ApplyResult> {
    batch.trades.forEach(checkTrade);
    batch.unparsed.forEach(checkUnparsed);
    const markets = batch.markets.length === 0 ? null : marketDocuments(batch.markets);

    const trades = batch.trades.length === 0 ? null : await this.#encoded(batch.trades);
    if (markets !== null) await introduceTokens(this.#pool, markets);
    return this.#store(batch, { trades, markets });
  }

  async #encoded(trades: TradeRow[]): Promise<Buffer> {
    const tokens = new Map<string, string>();
    const connections = new Map<string, null>();
    for (const trade of trades) {
      tokens.set(trade.tokenId, trade.conditionId);
      if (trade.connectionId !== null) connections.set(trade.connectionId, null);
    }
    return tradeCopy(trades, {
      tokens: await this.#tokens.keys(tokens),
      connections: await this.#connections.keys(connections),
    });
  }

  async #store(
    batch: ProjectionBatch,
    rows: { trades: Buffer | null; markets: MarketDocuments | null },
  ): Promise<ApplyResult> {
    const client = await this.#pool.connect();
    let fit = false; // to go back to the pool
    try {
      await this.#prepare(client);
      try {
        await client.query('BEGIN');
        await movePosition(client, batch);
        const inserted = rows.trades === null ? 0 : await storeTrades(client, rows.trades);
        if (rows.markets !== null) await storeMarkets(client, rows.markets);
        await storeUnparsed(client, batch.unparsed);
        await storeDeadLetters(client, { name: batch.stream, incarnation: batch.to.incarnation }, batch.deadLetters);
        await client.query('COMMIT');
        fit = true;
        return { inserted, alreadyThere: batch.trades.length - inserted };
      } catch (error) {
        // After these two the connection is sound and the next attempt comes at once; after anything else it may not be.
        if (error instanceof PositionConflictError || isRejection(error)) {
          await client.query('ROLLBACK');
          fit = true;
        }
        throw error;
      }
    } finally {
      client.release(!fit);
    }
  }

  /** The table that trades are copied into; emptied at the end of each transaction. */
  async #prepare(client: PoolClient): Promise<void> {
    if (this.#prepared.has(client)) return;
    await client.query('CREATE TEMPORARY TABLE IF NOT EXISTS incoming_trades (LIKE trades) ON COMMIT DELETE ROWS');
    this.#prepared.add(client);
  }
}

/** COPY knows no ON CONFLICT, hence the temporary table. Returns how many trades are new. */
async function storeTrades(client: ClientBase, trades: Buffer): Promise<number> {
  const copy = client.query(copyFrom(`COPY incoming_trades (${TRADE_COLUMNS}) FROM STDIN (FORMAT binary)`));
  // A stream that failed would go on sending once its connection has room again, on a connection that it no longer has.
  copy.on('error', () => copy.destroy());
  copy.end(trades);
  await once(copy, 'finish');
  const { rowCount } = await client.query({
    name: 'store_trades',
    text: `INSERT INTO trades (${TRADE_COLUMNS}) SELECT ${TRADE_COLUMNS} FROM incoming_trades
           ON CONFLICT (ts, token_key, content, ordinal) DO NOTHING`,
  });
  return rowCount ?? 0;
}

/** Data exceptions (22) and integrity constraint violations (23): the fault of the data, whenever they are tried. */
function isRejection(error: unknown): boolean {
  if (error instanceof UnstorableValueError) return true;
  return error instanceof DatabaseError && /^2[23]/.test(error.code ?? '');
}

/** Above the number of tokens that trade within days; about 200 bytes each. */
const TOKEN_KEYS_MAX = 250_000;
const CONNECTION_KEYS_MAX = 10_000;
