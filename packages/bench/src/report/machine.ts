import { cpus, totalmem } from 'node:os';
import { binaries } from '../bench.ts';

/** Where and with what figures were measured. */
export type Machine = { processor: string; memory: string; versions: string };

export async function thisMachine(say: (sentence: string) => void): Promise<Machine> {
  const { nats, postgres } = await binaries(say);
  const extension =
    postgres.timescale === null ? '' : ` with TimescaleDB ${postgres.timescale.version} (Apache edition)`;
  return {
    processor: `${cpus().length} × ${cpus()[0]?.model.trim()}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    versions: `Node ${process.version.slice(1)}, nats-server ${nats.version}, PostgreSQL ${postgres.version}${extension}`,
  };
}
