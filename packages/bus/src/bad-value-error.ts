/** A key of a bucket holds something that is not JSON: somebody else writes there, or wrote with other tools. */
export class BadValueError extends Error {
  override readonly name = 'BadValueError';
  readonly disposition = 'stop';
  readonly operatorAction: string;

  constructor(bucket: string, key: string, cause: unknown) {
    super(`Key ${key} of bucket ${bucket} holds no JSON`, { cause });
    this.operatorAction = `Look at it with: nats kv get ${bucket} ${key}. Delete it if nobody needs it.`;
  }
}
