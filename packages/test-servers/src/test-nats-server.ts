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
   * Copies its data as they are on the disk. The answer puts the copy in the place of the data, as a restore from an old
   * snapshot of the disk does; call it between `kill` and `start`. Only where the server is a process of ours.
   */
  copyData?(): Promise<() => Promise<void>>;
};
