import type { Pool } from 'pg';

/**
 * Integer keys for text ids, handed out by the database: rows stay short. The keys met most recently are kept in
 * memory, at most `keysMax`; the one learnt first goes first and is looked up again when it is met.
 */
export class KeyDictionary {
  readonly #pool: Pool;
  readonly #sql: { lookUp: string; insert: string };
  readonly #keysMax: number;
  readonly #keys = new Map<string, number>();

  /**
   * Both statements return `id` and `key`. `lookUp` takes an array of ids. `insert` takes an array of missing ids and an
   * array of details; it inserts in the order of the ids, so that two that insert the same ones do not deadlock, and
   * passes over those that somebody else has inserted meanwhile.
   */
  constructor(options: { pool: Pool; lookUp: string; insert: string; keysMax: number }) {
    this.#pool = options.pool;
    this.#sql = { lookUp: options.lookUp, insert: options.insert };
    this.#keysMax = options.keysMax;
  }

  /**
   * A key for each id. Missing ones are inserted in a transaction of their own: ON CONFLICT over all of them would burn
   * an identity value for each id that is there already, and the long transaction would make others wait for it.
   *
   * @param details What is stored beside an id when it is inserted, by id.
   */
  async keys(details: ReadonlyMap<string, string | null>): Promise<ReadonlyMap<string, number>> {
    const found = new Map<string, number>();
    const unknown: string[] = [];
    for (const id of details.keys()) {
      const key = this.#keys.get(id);
      if (key === undefined) unknown.push(id);
      else found.set(id, key);
    }
    if (unknown.length === 0) return found;

    await this.#read(found, this.#sql.lookUp, [unknown]);
    const missing = unknown.filter((id) => !found.has(id));
    if (missing.length === 0) return found;

    await this.#read(found, this.#sql.insert, [missing, missing.map((id) => details.get(id) ?? null)]);
    const overtaken = missing.filter((id) => !found.has(id));
    if (overtaken.length > 0) await this.#read(found, this.#sql.lookUp, [overtaken]);
    return found;
  }

  /** Keys are true only of the database that gave them: to be called when it may be another one. */
  forget(): void {
    this.#keys.clear();
  }

  async #read(into: Map<string, number>, sql: string, values: unknown[]): Promise<void> {
    const { rows } = await this.#pool.query<{ id: string; key: number }>(sql, values);
    for (const { id, key } of rows) {
      into.set(id, key);
      this.#remember(id, key);
    }
  }

  #remember(id: string, key: number): void {
    this.#keys.set(id, key);
    if (this.#keys.size <= this.#keysMax) return;
    const first = this.#keys.keys().next();
    if (!first.done) this.#keys.delete(first.value);
  }
}

/** The key of an id that was asked for. */
export function keyOf(keys: ReadonlyMap<string, number>, id: string): number {
  const key = keys.get(id);
  if (key === undefined) throw new Error(`no key was given out for ${id}`);
  return key;
}
