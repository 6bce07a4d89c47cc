/**
 * Which scheduler leads: the value of key `scheduler` in the KV bucket `leader`, written by revision only. It expires 15 s
 * after the last renewal.
 */
export type LeaderRecord = {
  /** Identifies one process: a restarted scheduler has another id. */
  schedulerId: string;
  /** When it began to lead, milliseconds since the epoch. */
  sinceMs: number;
};
