/** A key of a bucket holds no JSON, or none that can be used: somebody else writes there, or wrote with other tools. */
export class BadValueError extends Error {
  override readonly name = 'BadValueError';
  readonly disposition = 'stop';
  readonly operatorAction: string;
  /** The key as it is can be overwritten by this. */
  readonly revision: number;

  constructor(bucket: string, key: string, o: { fault: string; revision: number; cause: unknown }) {
    super(`Key ${key} of bucket ${bucket} ${o.fault}`, { cause: o.cause });
    this.revision = o.revision;
    this.operatorAction = `Look at it with: nats kv get ${bucket} ${key}. Delete it if nobody needs it.`;
  }
}
