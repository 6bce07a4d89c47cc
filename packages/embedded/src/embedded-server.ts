/** A server that runs as a child of this process, and ends with it, however this process ends. */
export type EmbeddedServer = AsyncDisposable & {
  /** What a client connects to, with the credentials that it needs. Do not print it. */
  url: string;
  pid: number;
  port: number;
  /** Settles when the process is gone, whoever ended it. Never rejects. */
  exited: Promise<ServerExit>;
  /** Ends it in order and waits for that. Does nothing when it is gone already. */
  stop(): Promise<void>;
  /** SIGKILL, without waiting: for tests of what a crash leaves behind. */
  kill(): void;
};

/** How a process ended: one of the two is `null`. */
export type ServerExit = { code: number | null; signal: NodeJS.Signals | null };

/** Told to a person while something is set up: one sentence per step that may take a second or more. */
export type Progress = (sentence: string) => void;
