import { renameSync, writeFileSync } from 'node:fs';

/** Content of `<POLYTAPE_DATA_DIR>/runtime.json` while `demo` or `start` runs, for tools and tests. */
export type Runtime = {
  natsUrl: string;
  databaseUrl: string;
  /**
   * `polytape` (the command itself), `nats`, `postgres`, `ws-ingestor-1`, `writer-1`, `scheduler-1`, …, and in a demo
   * `venue-sim`. Processes that are being restarted are missing.
   */
  pids: Record<string, number>;
  /** Ports of the health endpoints. */
  http: Record<string, number>;
  /** The simulated venue of a demo. */
  venue?: RuntimeVenue;
};

/** Addresses of a simulated venue; `control` is the base of its control interface (`GET <control>/status`). */
export type RuntimeVenue = { ws: string; gamma: string; clob: string; data: string; control: string };

/** Replaces the file atomically. Only its owner may read it: the addresses hold passwords. */
export function writeRuntimeFile(path: string, runtime: Runtime): void {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(runtime, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, path);
}
