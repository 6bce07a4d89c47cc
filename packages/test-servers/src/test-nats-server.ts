import type { PowerLoss } from './power-loss.ts';

/** A NATS server for one test, with an empty JetStream. */
export type TestNats = AsyncDisposable & {
  /** Stays the same over `kill`, `start` and `restart`. */
  url: string;
  /** `false` for a given server (TEST_NATS_URL): then `restart`, `kill` and `start` reject. */
  canRestart: boolean;
  /** Stops it in order and starts it again on the same data and port. */
  restart(): Promise<void>;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same data and port. */
  start(): Promise<void>;
  /**
   * Copies its data from the disk. The returned function replaces the data with the copy, like a restore of an old snapshot
   * of the disk; call it between `kill` and `start`. Exists only for an embedded server.
   */
  copyData?(): Promise<() => Promise<void>>;
  /** Its machine loses power, which damages TRADES, and starts again. @returns The bytes that were lost. Only embedded. */
  losePower?(how: PowerLoss): Promise<number>;
  /** Of its process. Only embedded. */
  pid?(): number;
};
