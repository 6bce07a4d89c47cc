/** Somebody else wrote the key since the revision that we had read: read it again, then decide anew. */
export class RevisionConflictError extends Error {
  override readonly name = 'RevisionConflictError';
  readonly disposition = 'retry';
  readonly bucket: string;
  readonly key: string;

  constructor(bucket: string, key: string, cause: unknown) {
    super(`Key ${key} of bucket ${bucket} was written by somebody else`, { cause });
    this.bucket = bucket;
    this.key = key;
  }
}
