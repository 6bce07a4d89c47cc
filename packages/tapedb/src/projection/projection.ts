import type { BookSnapshot, PriceSnapshot } from '@polytape/types';
import type { ClientBase, Pool, PoolClient } from 'pg';
import { DatabaseError } from 'pg';
import { BOOKS, bookCopy } from '../copy/book-copy.ts';
import { type CopyTable, copyRows, isKnownRow, prepareCopy } from '../copy/copy-table.ts';
import { PRICES, priceCopy } from '../copy/price-copy.ts';
import { TRADES, TradeRows } from '../copy/trade-rows.ts';
import { BatchLimitError, BatchRejectedError, DatabaseReplacedError, PositionConflictError } from '../errors.ts';
import { type FactRows, factRows, storeFacts } from './fact-store.ts';
import { storeDeadLetters, storeUnparsed } from './kept-bodies.ts';
import { KEYS_DATABASE, KeyDictionary } from './key-dictionary.ts';
import { introduceTokens, type MarketDocuments, marketDocuments, storeMarkets } from './market-store.ts';
import type { ApplyResult, ProjectedRows, ProjectionBatch } from './projection-batch.ts';
import { beginAndMovePosition } from './stream-position.ts';

/** Stores messages as rows and moves the stream's position in one transaction: a crash leaves all of a batch or nothing. */
export class Projection {
  readonly #pool: Pool;
  readonly #tokens: KeyDictionary;
  readonly #connections: KeyDictionary;
  /** Names of the tables that each connection is prepared for. */
  readonly #prepared = new WeakMap<PoolClient, Set<string>>();
  /** How many batches still skip known rows, by table. */
  readonly #skipping = new Map<string, number>();

  constructor(pool: Pool) {
    this.#pool = pool;
    this.#tokens = new KeyDictionary({
      keysMax: TOKEN_KEYS_MAX,
      lookUp: `SELECT token_id AS id, token_key AS key, ${KEYS_DATABASE} AS database
               FROM tokens WHERE token_id = ANY ($1::text[])`,
      insert: `INSERT INTO tokens (token_id, condition_id)
               SELECT id, condition_id FROM unnest($1::text[], $2::text[]) AS missing (id, condition_id)
               ORDER BY id COLLATE "C"
               ON CONFLICT (token_id) DO NOTHING
               RETURNING token_id AS id, token_key AS key, ${KEYS_DATABASE} AS database`,
    });
    this.#connections = new KeyDictionary({
      keysMax: CONNECTION_KEYS_MAX,
      lookUp: `SELECT connection_id AS id, connection_key AS key, ${KEYS_DATABASE} AS database
               FROM connections WHERE connection_id = ANY ($1::text[])`,
      insert: `INSERT INTO connections (connection_id)
               SELECT id FROM unnest($1::text[], $2::text[]) AS missing (id, nothing)
               ORDER BY id COLLATE "C"
               ON CONFLICT (connection_id) DO NOTHING
               RETURNING connection_id AS id, connection_key AS key, ${KEYS_DATABASE} AS database`,
    });
  }

  /** See `Database.apply`. */
  async apply(batch: ProjectionBatch): Promise<ApplyResult> {
    const client = await this.#pool.connect();
    let fit = false; // to go back to the pool
    try {
      const result = await this.#store(client, batch);
      fit = true;
      return result;
    } catch (error) {
      // After these the connection works and the next attempt comes at once; after any other error it may be broken.
      if (error instanceof PositionConflictError || error instanceof BatchRejectedError || isRejection(error)) {
        await client.query('ROLLBACK');
        fit = true;
      }
      if (error instanceof BatchRejectedError) throw error;
      if (isRejection(error)) throw new BatchRejectedError((error as Error).message, { cause: error });
      this.forgetKeys();
      throw isLimit(error) ? new BatchLimitError((error as Error).message, { cause: error }) : error;
    } finally {
      client.release(!fit);
    }
  }

  /**
   * Call it when the database may be another one: restored from a backup, or a replica that never saw the transaction that
   * assigned the keys. A wrong key would put a trade under a wrong token.
   */
  forgetKeys(): void {
    this.#tokens.forget();
    this.#connections.forget();
  }

  /** Builds all rows before any of them reaches the server, and looks up the keys. */
  async #encoded(client: ClientBase, rows: Partial<ProjectedRows>): Promise<EncodedRows> {
    const { trades = new TradeRows(), prices = [], books = [], markets = [], facts = [], unparsed = [] } = rows;
    const encoded = encoding((): EncodedRows => {
      const documents = markets.length === 0 ? null : marketDocuments(markets);
      return { copies: [], documents, facts: factRows(facts), unparsed, keysOf: [] };
    });
    const tokenKeys = async (ids: readonly string[], conditionIdOf: (place: number) => string | null) => {
      const { keys, database } = await this.#tokens.keys(client, ids, conditionIdOf);
      encoded.keysOf.push(database);
      return keys;
    };
    if (trades.length > 0) {
      const tokens = await tokenKeys(trades.tokenIds, (place) => trades.conditionIds[place] ?? null);
      const connections = await this.#connections.keys(client, trades.connectionIds);
      encoded.keysOf.push(connections.database);
      encoded.copies.push({ into: TRADES, count: trades.length, body: trades.copy(tokens, connections.keys) });
    }
    const addSnapshots = async <Snapshot extends PriceSnapshot | BookSnapshot>(
      into: CopyTable,
      snapshots: readonly Snapshot[],
      copy: (snapshots: readonly Snapshot[], keys: readonly number[]) => Buffer,
    ) => {
      if (snapshots.length === 0) return;
      const ids = snapshots.map(({ tokenId }) => tokenId);
      const keys = await tokenKeys(ids, (place) => snapshots[place]?.conditionId ?? null);
      encoded.copies.push({ into, count: snapshots.length, body: encoding(() => copy(snapshots, keys)) });
    };
    await addSnapshots(PRICES, prices, priceCopy);
    await addSnapshots(BOOKS, books, bookCopy);
    if (encoded.documents !== null) await introduceTokens(client, encoded.documents);
    return encoded;
  }

  async #store(client: PoolClient, batch: ProjectionBatch): Promise<ApplyResult> {
    const rows = await this.#encoded(client, batch.rows);
    for (const { into } of rows.copies) await this.#prepare(client, into);
    try {
      return await this.#transaction(client, batch, rows);
    } catch (error) {
      if (!isKnownRow(error) || rows.copies.every(({ into }) => this.#skips(into))) throw error;
      await client.query('ROLLBACK');
      for (const { into } of rows.copies) this.#skipping.set(into.table, SKIPPING_BATCHES);
      return await this.#transaction(client, batch, rows);
    }
  }

  async #transaction(client: PoolClient, batch: ProjectionBatch, rows: EncodedRows): Promise<ApplyResult> {
    const { streamCreatedAt } = batch.to;
    const database = await beginAndMovePosition(client, batch);
    if (rows.keysOf.some((other) => other !== null && other !== database)) throw new DatabaseReplacedError();
    const { markets = [], facts = [], unparsed = [] } = batch.rows;
    const others = markets.length + facts.length + unparsed.length + batch.deadLetters.length;
    let inserted = 0;
    for (const [at, { into, count, body }] of rows.copies.entries()) {
      const commit = others === 0 && at === rows.copies.length - 1;
      const stored = await copyRows(client, into, body, { skipKnown: this.#skips(into), commit });
      this.#learn(into, stored < count);
      if (into === TRADES) inserted = stored;
    }
    if (others === 0 && rows.copies.length > 0) return { inserted };
    if (rows.documents !== null) await storeMarkets(client, rows.documents);
    await storeFacts(client, rows.facts);
    await storeUnparsed(client, rows.unparsed);
    await storeDeadLetters(client, { name: batch.stream, streamCreatedAt }, batch.deadLetters);
    await client.query('COMMIT');
    return { inserted };
  }

  /** Whether rows that the table may have already are expected: after a replay began, for some time. */
  #skips({ table }: CopyTable): boolean {
    return (this.#skipping.get(table) ?? 0) > 0;
  }

  #learn({ table }: CopyTable, hadKnownRows: boolean): void {
    this.#skipping.set(table, hadKnownRows ? SKIPPING_BATCHES : Math.max(0, (this.#skipping.get(table) ?? 0) - 1));
  }

  async #prepare(client: PoolClient, into: CopyTable): Promise<void> {
    const tables = this.#prepared.get(client) ?? new Set();
    this.#prepared.set(client, tables);
    if (tables.has(into.table)) return;
    await client.query(prepareCopy(into));
    tables.add(into.table);
  }
}

/** The rows of a batch, ready to be sent. */
type EncodedRows = {
  copies: { into: CopyTable; count: number; body: Buffer }[];
  documents: MarketDocuments | null;
  facts: FactRows;
  unparsed: ProjectedRows['unparsed'];
  /** The databases of the keys in the copies, see `KEYS_DATABASE`; null when no key was needed. */
  keysOf: (string | null)[];
};

/**
 * Messages are checked when they are decoded, so this should not fail. If a check is missing there, the batch is rejected:
 * this costs a dead letter instead of stopping the stream.
 *
 * @throws {BatchRejectedError}
 */
function encoding<Encoded>(encode: () => Encoded): Encoded {
  try {
    return encode();
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
    throw new BatchRejectedError(error.message, { cause: error });
  }
}

/**
 * Data exceptions (22), integrity constraint violations (23) and exceeded program limits (54), such as deep nesting: the
 * data is at fault, and a retry would fail again.
 */
function isRejection(error: unknown): boolean {
  return error instanceof DatabaseError && /^(22|23|54)/.test(error.code ?? '');
}

/** Statement timeout and configured limits: the moment or the size of the batch may be at fault. */
function isLimit(error: unknown): boolean {
  return error instanceof DatabaseError && (error.code === '57014' || error.code === '53400');
}

/** Above the number of tokens of all open markets; about 200 bytes each. */
const TOKEN_KEYS_MAX = 400_000;
const CONNECTION_KEYS_MAX = 10_000;
/**
 * Batches that skip known rows after one had some. A replay has them in batch after batch, and a batch that meets one
 * unprepared is sent twice.
 */
const SKIPPING_BATCHES = 100;
