import { atMost, type Log } from '@polytape/resilience';
import { type ClientBase, Pool } from 'pg';
import {
  configurationMistake,
  type DatabaseAddress,
  databaseAddress,
  KEEPALIVE_OF_SERVER,
  openClient,
  untilReachable,
} from './connection.ts';
import { DatabaseConfigurationError } from './errors.ts';
import { type Loss, storeLoss } from './projection/loss.ts';
import { Projection } from './projection/projection.ts';
import type { ApplyResult, ProjectionBatch } from './projection/projection-batch.ts';
import { lockStream, type StreamLock, type StreamLockOptions } from './projection/stream-lock.ts';
import { readPosition, type StreamPosition } from './projection/stream-position.ts';
import { createExtension, type Edition, offeredEdition, refuseRowLosingRelease } from './schema/edition.ts';
import {
  appliedMigrations,
  applyMigration,
  LOCK_MIGRATIONS,
  pendingMigrations,
  readMigrations,
} from './schema/migrations.ts';
import { type RetainedTable, type RetentionRound, retain } from './schema/retention.ts';
import { type RecordedTrade, recentTrades, recordedTrades, type TapeTrade, tradeCount } from './tape.ts';

/** The database of the tape: a projection of the streams, and their positions. */
export class Database implements AsyncDisposable {
  readonly #address: DatabaseAddress;
  readonly #applicationName: string;
  readonly #log: Log;
  readonly #pool: Pool;
  readonly #projection: Projection;
  #edition: Edition;

  /**
   * Waits until the server answers; logs the first failure and then one every minute.
   *
   * @param options.applicationName Name of this process in the server's list of connections.
   * @throws {DatabaseConfigurationError} At once, when DATABASE_URL or the server's settings must be changed.
   * @throws The reason of `signal` when it aborts.
   */
  static async open(options: {
    url: string;
    applicationName: string;
    log: Log;
    signal: AbortSignal;
  }): Promise<Database> {
    const { applicationName, log, signal } = options;
    const address = databaseAddress(options.url, applicationName);
    const edition = await untilReachable(() => inspect(address, applicationName, signal), {
      host: address.host,
      log,
      signal,
    });
    return new Database({ address, applicationName, log, edition });
  }

  private constructor(options: { address: DatabaseAddress; applicationName: string; log: Log; edition: Edition }) {
    this.#address = options.address;
    this.#applicationName = options.applicationName;
    this.#log = options.log;
    this.#edition = options.edition;
    this.#pool = new Pool({
      ...options.address.config,
      max: POOL_CONNECTIONS_MAX,
      statement_timeout: STATEMENT_MS_MAX,
      idle_in_transaction_session_timeout: STATEMENT_MS_MAX,
      // The server's own timeout does not reach us when the network is down.
      query_timeout: STATEMENT_MS_MAX + 10_000,
      onConnect: (client) => client.query(KEEPALIVE_OF_SERVER),
    });
    // The pool replaces idle connections that end with the server. Without a listener the event would end the process.
    this.#pool.on('error', (error) => {
      this.#log.debug(
        { host: this.#address.host, cause: error.message },
        'An idle connection to PostgreSQL was closed.',
      );
    });
    // The pool does not listen to a connection in use; its user sees the failure of the query.
    this.#pool.on('connect', (client) => client.on('error', () => {}));
    this.#projection = new Projection(this.#pool);
  }

  /** The edition of the database; before it is migrated, the edition that it would get. */
  get edition(): Edition {
    return this.#edition;
  }

  /**
   * Brings the schema up to this code; several processes may do so at once. An empty database gets hypertables where the
   * server has TimescaleDB, unless `timescale` is false.
   *
   * @throws {SchemaMismatchError} The database has migrations that this code does not have, or has otherwise.
   * @throws {DatabaseConfigurationError} The role may not create tables, or the server's TimescaleDB loses rows.
   */
  async migrate(options: { timescale?: boolean } = {}): Promise<{ applied: string[] }> {
    try {
      return await this.#migrate(options.timescale ?? true);
    } catch (error) {
      throw configurationMistake(error, this.#address.host) ?? error;
    }
  }

  /**
   * Waits until no other writer holds the lock of a stream. Dispose of the lock to admit the next writer.
   *
   * @throws The reason of the signal when it aborts. After any other error it may be tried again.
   */
  async lockStream(stream: string, o: StreamLockOptions): Promise<StreamLock> {
    const lock = await lockStream(stream, { ...o, address: this.#address, applicationName: this.#applicationName });
    this.#projection.forgetKeys(); // the database may have been restored while we waited
    return lock;
  }

  /** The position up to which messages of a stream are stored; null when none is. */
  position(stream: string): Promise<StreamPosition | null> {
    return readPosition(this.#pool, stream);
  }

  /**
   * Stores a batch and moves the stream's position in one transaction. Trades that are stored already stay as they are.
   *
   * @throws {PositionConflictError} The position is not `batch.from`: read it again.
   * @throws {BatchRejectedError} The database will never accept a value: halve the batch to find its message.
   * @throws {BatchLimitError} It took too long or exceeded a limit: try again, then try a smaller batch.
   * @throws After any other error read the position and try again: the batch may be stored (the answer to COMMIT was lost).
   */
  apply(batch: ProjectionBatch): Promise<ApplyResult> {
    return this.#projection.apply(batch);
  }

  /**
   * Records that a stream did not hold what the position promised, and moves the position to where reading continues.
   *
   * @throws {PositionConflictError} The position is not `loss.from`.
   */
  recordLoss(loss: Loss): Promise<void> {
    return storeLoss(this.#pool, loss);
  }

  /**
   * Drops the rows of a table that are older than `days`: at least 7 where candles are kept up to date in the
   * background, whose days and refreshes need room. Candles outlive their trades in the Community edition alone.
   *
   * @throws Anything: what was not dropped is dropped by the next round.
   */
  retain(table: RetainedTable, o: { days: number; nowMs: number; signal: AbortSignal }): Promise<RetentionRound> {
    return retain(this.#pool, { table, edition: this.#edition, ...o });
  }

  /** Number of recorded trades, or of those received since then. Counts rows, which takes seconds on a long tape. */
  tradeCount(options: { receivedSinceUs?: number } = {}): Promise<number> {
    return tradeCount(this.#pool, options);
  }

  /** The newest trades by the venue's clock, newest first. */
  recentTrades(limit: number): Promise<TapeTrade[]> {
    return recentTrades(this.#pool, limit);
  }

  /** Every recorded trade, in no order; trades with the same content are counted together. */
  recordedTrades(): AsyncGenerator<RecordedTrade> {
    return recordedTrades(this.#pool);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await atMost(CLOSE_MS_MAX, this.#pool.end());
  }

  async #migrate(timescale: boolean): Promise<{ applied: string[] }> {
    const migrations = await readMigrations();
    const never = new AbortController().signal;
    const open = () =>
      openClient(this.#address, { applicationName: `${this.#applicationName} migrate`, signal: never });
    const { client, close } = await open();
    try {
      // An up-to-date database needs neither the lock nor any right to create things.
      const before = await appliedMigrations(client);
      const [first] = before;
      if (first !== undefined && pendingMigrations(migrations, before).length === 0) {
        await this.#adopt(first.edition, client);
        return { applied: [] };
      }

      await client.query(LOCK_MIGRATIONS);
      const applied = await appliedMigrations(client);
      if (applied.length === 0 && timescale) {
        const attempt = await open();
        await createExtension(attempt.client, this.#log);
        await attempt.close();
      }
      const edition = applied[0]?.edition ?? (timescale ? await offeredEdition(client) : 'postgresql');
      const pending = pendingMigrations(migrations, applied);
      await this.#adopt(edition, client);
      for (const migration of pending) await applyMigration(client, migration, edition);
      return { applied: pending.map(({ file }) => file) };
    } finally {
      await close(); // releases the lock
    }
  }

  async #adopt(edition: Edition, client: ClientBase): Promise<void> {
    await refuseRowLosingRelease(client, edition, this.#address.host);
    this.#edition = edition;
  }
}

/** Checks the server once before anything relies on it. */
async function inspect(address: DatabaseAddress, applicationName: string, signal: AbortSignal): Promise<Edition> {
  const { client, close } = await openClient(address, { applicationName, signal });
  try {
    const { rows } = await client.query<{ version: number; database: string; temporary: boolean }>(
      `SELECT current_setting('server_version_num')::int AS version, current_database() AS database,
              has_database_privilege(current_database(), 'TEMPORARY') AS temporary`,
    );
    const server = rows[0];
    if (server === undefined || server.version < SERVER_VERSION_MIN * 10_000) {
      throw new DatabaseConfigurationError(
        `PostgreSQL at ${address.host} is older than version ${SERVER_VERSION_MIN}`,
        'name a newer server in DATABASE_URL',
      );
    }
    if (!server.temporary) {
      throw new DatabaseConfigurationError(
        `the role of DATABASE_URL may not create temporary tables in database ${server.database} on ${address.host}`,
        `GRANT TEMPORARY ON DATABASE "${server.database}" to it`,
      );
    }
    return (await appliedMigrations(client))[0]?.edition ?? (await offeredEdition(client));
  } finally {
    await close();
  }
}

/** One for each stream that is written, and a few for reading. */
const POOL_CONNECTIONS_MAX = 8;
const STATEMENT_MS_MAX = 30_000;
const SERVER_VERSION_MIN = 14;
const CLOSE_MS_MAX = 5_000;
