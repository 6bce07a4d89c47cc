import { Pool, type QueryResultRow } from 'pg';
import { PROJECTED_TABLES, type ProjectedTable } from './projected-tables.ts';

/** A row of `unparsed`. */
export type UnparsedRow = { reason: string; encoding: string; body: Buffer; lengthBytes: number; sha256: string };

/** A row of `dead_letters`. */
export type DeadLetterRow = { stream: string; sequence: number; subject: string; reason: string; body: Buffer };

/**
 * What a test asks the database beside the tape itself, and the harm that it does to the sessions of the others. Plain
 * SQL with the client's library: it must see what is there, not what `tapedb` makes of it.
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
    this.#pool.on('error', () => {}); // an idle session that the server ended: the next query opens another
  }

  /** Resolves when the server takes us and answers. */
  async answers(): Promise<void> {
    await this.#pool.query('SELECT 1');
  }

  /** The rows of any question. */
  async rows<Row extends QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    return (await this.#pool.query<Row>(sql, [...values])).rows;
  }

  /** Of each recorded trade: `<token> <milliseconds> <trade id>`, one entry a row. */
  async tradeKeys(): Promise<string[]> {
    const { rows } = await this.#pool.query<{ key: string }>(
      `SELECT token_id || ' ' || (extract(epoch FROM ts) * 1000)::bigint || ' ' || trade_id AS key FROM trade_tape`,
    );
    return rows.map(({ key }) => key);
  }

  /** How many rows `trades` has with these transaction hashes, by hash. */
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

  /** Sequence that a stream is stored up to; 0 before its first message, also before there is a schema. */
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
   * All rows of every table that the log makes, each as a line of JSON, in an order that depends on nothing but them: two
   * databases made of the same log have the same.
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

  /** Why messages were set aside; in a test that sets none aside a better thing to compare than their bodies. */
  async deadLetterReasons(): Promise<string[]> {
    return (await this.deadLetters()).map(({ stream, sequence, reason }) => `${stream} ${sequence}: ${reason}`);
  }

  /** What each row of `losses` says, in the order of their writing. */
  async lossDetails(): Promise<string[]> {
    const { rows } = await this.#pool.query<{ detail: string }>('SELECT detail FROM losses ORDER BY 1');
    return rows.map(({ detail }) => detail);
  }

  async lossCount(): Promise<number> {
    return Number((await this.#pool.query<{ count: string }>('SELECT count(*) FROM losses')).rows[0]?.count);
  }

  /** Sessions of writers that have written something in a transaction and not committed it. */
  async writersInTransaction(): Promise<number> {
    const { rows } = await this.#pool.query<{ count: string }>(
      `SELECT count(*) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'polytape-writer' AND backend_xid IS NOT NULL`,
    );
    return Number(rows[0]?.count);
  }

  /** Writers that wait inside a transaction for a row that another session holds. */
  async writersWaiting(): Promise<number> {
    const { rows } = await this.#pool.query<{ count: string }>(
      `SELECT count(*) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'polytape-writer' AND wait_event_type = 'Lock'`,
    );
    return Number(rows[0]?.count);
  }

  /** Ends sessions whose application name begins so, as an administrator or a fail-over would; answers how many. */
  async endSessions(applicationName: string): Promise<number> {
    const { rowCount } = await this.#pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND starts_with(application_name, $1)`,
      [applicationName],
    );
    return rowCount ?? 0;
  }

  /** Holds the row of a stream's position, so that every writer of it waits in its transaction; dispose to let go. */
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
