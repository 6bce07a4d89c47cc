/** What `putKey` asks of a bucket. */
type Bucket<T> = {
  get(key: string): Promise<{ revision: number } | null>;
  create(key: string, value: T): Promise<number>;
  update(key: string, value: T, revision: number): Promise<number>;
};

/** Writes a key of a bucket whatever it holds, as an operator does with `nats kv put`; gives the new revision. */
export async function putKey<T>(bucket: Bucket<T>, key: string, value: T): Promise<number> {
  const revision = await bucket.get(key).then(
    (entry) => entry?.revision,
    (error: { revision?: number }) => {
      if (error.revision === undefined) throw error; // else it holds what cannot be used
      return error.revision;
    },
  );
  return revision === undefined ? await bucket.create(key, value) : await bucket.update(key, value, revision);
}
