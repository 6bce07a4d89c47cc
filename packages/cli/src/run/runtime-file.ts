import { renameSync, writeFileSync } from 'node:fs';

/** What runs at present, for tools and tests: `<POLYTAPE_DATA_DIR>/runtime.json` while `demo` or `start` runs. */
export type Runtime = {
  natsUrl: string;
  databaseUrl: string;
  /**
   * `polytape` (the command itself), `nats`, `postgres`, `ws-ingestor-1`, `writer-1`, `scheduler-1`, …, of a demo `venue-sim`; a
   * process that is being started again is missing.
   */
  pids: Record<string, number>;
  /** Ports of the health endpoints. */
  http: Record<string, number>;
  /** The simulated venue of a demo. */
  venue?: RuntimeVenue;
};

/** Addresses of a simulated venue; `control` is for `GET <control>/status` and the like. */
export type RuntimeVenue = { ws: string; gamma: string; clob: string; data: string; control: string };

/** Replaces the file as a whole, readable by its owner alone: the addresses hold passwords. */
export function writeRuntimeFile(path: string, runtime: Runtime): void {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(runtime, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, path);
}
