import type { TruthTrade } from '@polytape/venue-sim';

/** A recorder with its servers, as the benchmark sees it: polytape or the plain alternative. */
export type RecorderUnderLoad = AsyncDisposable & {
  /** Process ids by name; each stands for the process and its children. */
  pids(): Promise<Record<string, number>>;
  /** What was committed since the last call, and the times from receipt to commit. */
  window(): Promise<Window>;
  /** Number of trades in the database. */
  stored(): Promise<number>;
  /** Compares the database with what the venue executed. */
  compare(truth: readonly TruthTrade[]): Promise<{ missing: number; duplicates: number }>;
  /** Kills what receives the trades (SIGKILL), and starts it again; resolves once it receives again. */
  killAndRestart(): Promise<void>;
  /** Stops it in order, so that it writes its CPU profiles. */
  stop(): Promise<void>;
};

type Window = { committed: number; p50Ms: number | null; p99Ms: number | null };
