import type { ClientBase } from 'pg';
import { DatabaseReplacedError } from '../errors.ts';

/** Keys in the order of their ids, and the database that they belong to (see `KEYS_DATABASE`); null when no key was requested. */
export type Keys = { keys: readonly number[]; database: string | null };

/**
 * SQL for a text that identifies the database of the keys. It changes with the database, with the server, when the server
 * restarts (restoring a backup of its files needs that) and when the tables are emptied or recreated.
 */
export const KEYS_DATABASE = `(
  SELECT concat_ws(' ', oid, extract(epoch FROM pg_postmaster_start_time()),
    pg_relation_filenode('tokens'), pg_relation_filenode('connections'))
  FROM pg_database WHERE datname = current_database())`;

/**
 * Integer keys for text ids, assigned by the database, so that rows stay short. At most `keysMax` keys are kept in memory;
 * the oldest entry is dropped first and looked up again when it is needed.
 */
export class KeyDictionary {
  readonly #sql: { lookUp: string; insert: string };
  readonly #keysMax: number;
  #cache: Cache = { database: null, keys: new Map() };

  /**
   * Both statements return `id`, `key` and `database`, which is `KEYS_DATABASE`. `lookUp` takes an array of ids. `insert`
   * takes an array of missing ids and an array of details. It inserts in the order of the ids, so that two transactions
   * with the same ids do not deadlock, and skips ids that were inserted meanwhile.
   */
  constructor(options: { lookUp: string; insert: string; keysMax: number }) {
    this.#sql = { lookUp: options.lookUp, insert: options.insert };
    this.#keysMax = options.keysMax;
  }

  /**
   * Returns a key for each id. Missing ids are inserted in their own transaction: ON CONFLICT over all ids would use up an
   * identity value for each existing one, and other transactions would wait for the end of a long one.
   *
   * @param detailOf The detail to store with an id when it is inserted, by its place.
   * @throws {DatabaseReplacedError} The database of `client` is not the one that the keys in memory came from.
   */
  async keys(
    client: ClientBase,
    ids: readonly string[],
    detailOf: (place: number) => string | null = () => null,
  ): Promise<Keys> {
    const cache = this.#cache; // used to the end even if it is forgotten meanwhile: it is consistent in itself
    const keys: number[] = [];
    const unknown = new Map<string, string | null>();
    for (const id of ids) {
      const key = cache.keys.get(id);
      if (key === undefined) unknown.set(id, detailOf(keys.length));
      keys.push(key ?? UNKNOWN);
    }
    if (unknown.size > 0) {
      const found = await this.#find(client, cache, unknown);
      for (const [place, id] of ids.entries()) if (keys[place] === UNKNOWN) keys[place] = keyOf(found, id);
    }
    return { keys, database: ids.length === 0 ? null : cache.database };
  }

  /** Forgets all keys. Call it when the database may be another one. */
  forget(): void {
    this.#cache = { database: null, keys: new Map() };
  }

  /** Looks ids up in the database, and inserts those that it does not have. */
  async #find(client: ClientBase, cache: Cache, details: ReadonlyMap<string, string | null>) {
    const found = new Map<string, number>();
    const read = async (sql: string, values: unknown[]) => {
      const { rows } = await client.query<KeyRow>(sql, values);
      for (const { id, key, database } of rows) {
        this.#remember(cache, id, key, database);
        found.set(id, key);
      }
    };
    await read(this.#sql.lookUp, [[...details.keys()]]);
    const missing = [...details.keys()].filter((id) => !found.has(id));
    if (missing.length === 0) return found;
    await read(this.#sql.insert, [missing, missing.map((id) => details.get(id) ?? null)]);
    const overtaken = missing.filter((id) => !found.has(id));
    if (overtaken.length > 0) await read(this.#sql.lookUp, [overtaken]);
    return found;
  }

  #remember(cache: Cache, id: string, key: number, database: string): void {
    if (cache.database !== null && cache.database !== database) throw new DatabaseReplacedError();
    cache.database = database;
    cache.keys.set(id, key);
    if (cache.keys.size <= this.#keysMax) return;
    const first = cache.keys.keys().next();
    if (!first.done) cache.keys.delete(first.value);
  }
}

type Cache = { database: string | null; keys: Map<string, number> };
type KeyRow = { id: string; key: number; database: string };

const UNKNOWN = -1;

function keyOf(keys: ReadonlyMap<string, number>, id: string): number {
  const key = keys.get(id);
  if (key === undefined) throw new Error(`there is no key for ${id}`);
  return key;
}
