/**
 * Which scheduler leads; the value of key `scheduler` in the KV bucket `leader`, written by revision only. The bucket
 * forgets it 15 s after the last renewal.
 */
export type LeaderRecord = {
  /** Of one process: a scheduler that is started again has another. */
  schedulerId: string;
  /** When it began to lead, milliseconds since the epoch. */
  sinceMs: number;
};
