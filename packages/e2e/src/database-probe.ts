import { Pool, type QueryResultRow } from 'pg';
import { PROJECTED_TABLES, type ProjectedTable } from './projected-tables.ts';

/** A row of `unparsed`. */
export type UnparsedRow = { reason: string; encoding: string; body: Buffer; lengthBytes: number; sha256: string };

/** A row of `dead_letters`. */
export type DeadLetterRow = { stream: string; sequence: number; subject: string; reason: string; body: Buffer };

/**
 * Queries of a test beyond the tape itself, and harm to the sessions of others. It uses plain SQL, because it must see the
 * actual content and not what `tapedb` makes of it.
 */
export class DatabaseProbe implements AsyncDisposable {
  readonly #pool: Pool;

  constructor(url: string) {
    this.#pool = new Pool({
      connectionString: url,
      max: 2,
      application_name: 'e2e probe',
      connectionTimeoutMillis: 10_000,
    });
    this.#pool.on('error', () => {}); // the server ended an idle session; the next query opens another
  }

  /** Resolves when the server answers a query. */
  async answers(): Promise<void> {
    await this.#pool.query('SELECT 1');
  }

  /** The rows of any query. */
  async rows<Row extends QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    return (await this.#pool.query<Row>(sql, [...values])).rows;
  }

  /** One entry for each recorded trade: `<token> <milliseconds> <trade id>`. */
  async tradeKeys(): Promise<string[]> {
    const { rows } = await this.#pool.query<{ key: string }>(
      `SELECT token_id || ' ' || (extract(epoch FROM ts) * 1000)::bigint || ' ' || trade_id AS key FROM trade_tape`,
    );
    return rows.map(({ key }) => key);
  }

  /** Number of rows in `trades` by transaction hash. */
  async tradesByHash(hashes: readonly string[]): Promise<Record<string, number>> {
    const { rows } = await this.#pool.query<{ transaction_hash: string; count: string }>(
      'SELECT transaction_hash, count(*) FROM trade_tape WHERE transaction_hash = ANY ($1) GROUP BY 1',
      [hashes],
    );
    return Object.fromEntries(rows.map(({ transaction_hash, count }) => [transaction_hash, Number(count)]));
  }

  async tradeCount(): Promise<number> {
    return Number((await this.#pool.query<{ count: string }>('SELECT count(*) FROM trades')).rows[0]?.count);
  }

  /** Sequence up to which a stream is stored; 0 before its first message and before the schema exists. */
  async position(stream: string): Promise<number> {
    try {
      const { rows } = await this.#pool.query<{ sequence: string }>(
        'SELECT sequence FROM stream_positions WHERE stream = $1',
        [stream],
      );
      return Number(rows[0]?.sequence ?? 0);
    } catch (error) {
      if ((error as { code?: string }).code === UNDEFINED_TABLE) return 0;
      throw error;
    }
  }

  /**
   * All rows of every projected table as JSON lines, in an order that depends only on their content. Two databases built
   * from the same log have the same rows.
   */
  async projectedRows(): Promise<Record<ProjectedTable, string[]>> {
    const rows: Partial<Record<ProjectedTable, string[]>> = {};
    for (const [table, query] of Object.entries(PROJECTED_TABLES)) {
      const found = await this.#pool.query<{ line: string }>(
        `SELECT row::text AS line FROM (${query}) AS rows ORDER BY row::text COLLATE "C"`,
      );
      rows[table as ProjectedTable] = found.rows.map(({ line }) => line);
    }
    return rows as Record<ProjectedTable, string[]>;
  }

  async unparsed(): Promise<UnparsedRow[]> {
    const { rows } = await this.#pool.query(
      `SELECT reason, encoding, body, length_bytes::float8 AS "lengthBytes", encode(sha256, 'hex') AS sha256
       FROM unparsed ORDER BY received_at, connection_id, counter`,
    );
    return rows;
  }

  async deadLetters(): Promise<DeadLetterRow[]> {
    const { rows } = await this.#pool.query(
      'SELECT stream, sequence::float8 AS sequence, subject, reason, body FROM dead_letters ORDER BY stream, sequence',
    );
    return rows;
  }

  /** Reasons of dead letters; more readable than their bodies in a test that expects none. */
  async deadLetterReasons(): Promise<string[]> {
    return (await this.deadLetters()).map(({ stream, sequence, reason }) => `${stream} ${sequence}: ${reason}`);
  }

  /** The details of all rows of `losses`. */
  async lossDetails(): Promise<string[]> {
    const { rows } = await this.#pool.query<{ detail: string }>('SELECT detail FROM losses ORDER BY 1');
    return rows.map(({ detail }) => detail);
  }

  async lossKinds(): Promise<string[]> {
    return (await this.#pool.query<{ kind: string }>('SELECT kind FROM losses ORDER BY loss_id')).rows.map(
      ({ kind }) => kind,
    );
  }

  async lossCount(): Promise<number> {
    return Number((await this.#pool.query<{ count: string }>('SELECT count(*) FROM losses')).rows[0]?.count);
  }

  /** Number of writer sessions with uncommitted writes. */
  async writersInTransaction(): Promise<number> {
    const { rows } = await this.#pool.query<{ count: string }>(
      `SELECT count(*) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'polytape-writer' AND backend_xid IS NOT NULL`,
    );
    return Number(rows[0]?.count);
  }

  /** Number of writers waiting for a row that another session has locked. */
  async writersWaiting(): Promise<number> {
    const { rows } = await this.#pool.query<{ count: string }>(
      `SELECT count(*) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'polytape-writer' AND wait_event_type = 'Lock'`,
    );
    return Number(rows[0]?.count);
  }

  /** Ends the sessions with this prefix of the application name, as a fail-over would. Returns their number. */
  async endSessions(applicationName: string): Promise<number> {
    const { rowCount } = await this.#pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND starts_with(application_name, $1)`,
      [applicationName],
    );
    return rowCount ?? 0;
  }

  /** Locks the position of a stream, so that its writers wait in their transactions. Dispose to unlock it. */
  async holdPosition(stream: string): Promise<AsyncDisposable> {
    const client = await this.#pool.connect();
    await client.query('BEGIN');
    await client.query('SELECT 1 FROM stream_positions WHERE stream = $1 FOR UPDATE', [stream]);
    return {
      [Symbol.asyncDispose]: async () => {
        await client.query('ROLLBACK');
        client.release();
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.end();
  }
}

const UNDEFINED_TABLE = '42P01';
