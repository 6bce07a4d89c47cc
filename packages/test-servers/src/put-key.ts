/** The methods of a bucket that `putKey` uses. */
type Bucket<T> = {
  get(key: string): Promise<{ revision: number } | null>;
  create(key: string, value: T): Promise<number>;
  update(key: string, value: T, revision: number): Promise<number>;
};

/** Writes a key of a bucket regardless of its value, like `nats kv put`. Returns the new revision. */
export async function putKey<T>(bucket: Bucket<T>, key: string, value: T): Promise<number> {
  const revision = await bucket.get(key).then(
    (entry) => entry?.revision,
    (error: { revision?: number }) => {
      if (error.revision === undefined) throw error; // otherwise the value is unusable, which does not matter here
      return error.revision;
    },
  );
  return revision === undefined ? await bucket.create(key, value) : await bucket.update(key, value, revision);
}
