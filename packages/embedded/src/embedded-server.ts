/** A server that runs as a child of this process, and ends with it even if this process is killed. */
export type EmbeddedServer = AsyncDisposable & {
  /** Address for clients, including credentials. Do not print it. */
  url: string;
  pid: number;
  port: number;
  /** Resolves when the process has exited for any reason. Never rejects. */
  exited: Promise<ServerExit>;
  /** Stops it in order and waits for its exit. Does nothing if it has exited. */
  stop(): Promise<void>;
  /** Sends SIGKILL without waiting, for tests of crashes. */
  kill(): void;
};

/** How a process ended: exactly one of the two is `null`. */
export type ServerExit = { code: number | null; signal: NodeJS.Signals | null };

/** Receives one sentence for each set-up step that may take a second or more. */
export type Progress = (sentence: string) => void;
