import type { ClientBase } from 'pg';
import { DatabaseReplacedError } from '../errors.ts';

/** Keys by id, and the database that gave them out (see `KEYS_DATABASE`); null where no key was asked for. */
export type Keys = { byId: ReadonlyMap<string, number>; database: string | null };

/**
 * SQL for a text that changes whenever keys in memory may have lost their meaning: another database, another server, a
 * restarted server (a backup can only be restored behind a restart), tables that were emptied or created again.
 */
export const KEYS_DATABASE = `(
  SELECT concat_ws(' ', oid, extract(epoch FROM pg_postmaster_start_time()),
    pg_relation_filenode('tokens'), pg_relation_filenode('connections'))
  FROM pg_database WHERE datname = current_database())`;

/**
 * Integer keys for text ids, handed out by the database: rows stay short. The keys met most recently are kept in
 * memory, at most `keysMax`; the one learnt first goes first and is looked up again when it is met.
 */
export class KeyDictionary {
  readonly #sql: { lookUp: string; insert: string };
  readonly #keysMax: number;
  #cache: Cache = { database: null, keys: new Map() };

  /**
   * Both statements return `id`, `key` and `database`, which is `KEYS_DATABASE`. `lookUp` takes an array of ids. `insert`
   * takes an array of missing ids and an array of details; it inserts in the order of the ids, so that two that insert the
   * same ones do not deadlock, and passes over those that somebody else has inserted meanwhile.
   */
  constructor(options: { lookUp: string; insert: string; keysMax: number }) {
    this.#sql = { lookUp: options.lookUp, insert: options.insert };
    this.#keysMax = options.keysMax;
  }

  /**
   * A key for each id. Missing ones are inserted in a transaction of their own: ON CONFLICT over all of them would burn
   * an identity value for each id that is there already, and the long transaction would make others wait for it.
   *
   * @param details What is stored beside an id when it is inserted, by id.
   * @throws {DatabaseReplacedError} The database of `client` is not the one that the keys in memory came from.
   */
  async keys(client: ClientBase, details: ReadonlyMap<string, string | null>): Promise<Keys> {
    const cache = this.#cache; // one that is forgotten meanwhile is used to the end: it is consistent in itself
    const found = new Map<string, number>();
    const read = async (sql: string, values: unknown[]) => {
      const { rows } = await client.query<KeyRow>(sql, values);
      for (const { id, key, database } of rows) {
        this.#remember(cache, id, key, database);
        found.set(id, key);
      }
    };

    const unknown: string[] = [];
    for (const id of details.keys()) {
      const key = cache.keys.get(id);
      if (key === undefined) unknown.push(id);
      else found.set(id, key);
    }
    if (unknown.length > 0) await read(this.#sql.lookUp, [unknown]);
    const missing = unknown.filter((id) => !found.has(id));
    if (missing.length > 0) {
      await read(this.#sql.insert, [missing, missing.map((id) => details.get(id) ?? null)]);
      const overtaken = missing.filter((id) => !found.has(id));
      if (overtaken.length > 0) await read(this.#sql.lookUp, [overtaken]);
    }
    return { byId: found, database: details.size === 0 ? null : cache.database };
  }

  /** Forgets all keys: to be called when the database may be another one. */
  forget(): void {
    this.#cache = { database: null, keys: new Map() };
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

/** The key of an id that was asked for. */
export function keyOf(keys: ReadonlyMap<string, number>, id: string): number {
  const key = keys.get(id);
  if (key === undefined) throw new Error(`no key was given out for ${id}`);
  return key;
}
