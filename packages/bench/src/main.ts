/** The benchmarks: frames, plan and assignment on one core, the embedded servers, and how fast new markets are recorded. Loopback only; takes some minutes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { prepareNatsServer, preparePostgres, startNatsServer, startPostgres } from '@polytape/embedded';
import { benchAssignment } from './bench-assignment.ts';
import { benchBus } from './bench-bus.ts';
import { benchCoverage } from './bench-coverage.ts';
import { benchDatabase } from './bench-database.ts';
import { benchFrames } from './bench-frames.ts';
import { benchIngestor } from './bench-ingestor.ts';
import { benchMetadata } from './bench-metadata.ts';
import { benchPlanner } from './bench-planner.ts';
import { renderDurations } from './durations.ts';
import { type Measured, renderMeasured } from './measure.ts';

const say = (sentence: string) => console.log(sentence);
const directory = mkdtempSync(join(tmpdir(), 'polytape-bench-'));
const cacheDir = fileURLToPath(import.meta.resolve('../../../.polytape/cache'));

try {
  const [nats, postgres] = await Promise.all([
    prepareNatsServer({ cacheDir, progress: say, binary: process.env.NATS_SERVER_BIN }),
    preparePostgres({ cacheDir, progress: say }),
  ]);
  await using natsServer = await startNatsServer({ binary: nats, dataDir: join(directory, 'nats') });
  await using postgresServer = await startPostgres({ binaries: postgres, dataDir: join(directory, 'postgres') });

  say(
    `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB; Node ${process.version}, nats-server ${nats.version}`,
  );
  const sections: [string, () => Promise<Measured[]>][] = [
    ['Frames, one core', benchFrames],
    ['Ingestor, per second of CPU time', () => benchIngestor(natsServer.url)],
    ['Shard planner, one core', benchPlanner],
    ['Assignment of shards, one core', benchAssignment],
    ['JetStream, each write synced', () => benchBus(natsServer.url)],
    ['Database', () => benchDatabase(postgresServer.url, say)],
  ];
  for (const [title, run] of sections) {
    say(`\n${title}`);
    for (const measured of await run()) say(renderMeasured(measured));
  }
  // Runs last, because it leaves its plan in the broker.
  say('\n400 tokens of new markets, real services and an instant venue');
  for (const took of await benchCoverage(natsServer.url)) say(renderDurations(took));
  await using secondServer = await startNatsServer({ binary: nats, dataDir: join(directory, 'nats-metadata') });
  say('\nA scheduler, 20,000 markets and a venue that answers at once');
  for (const line of await benchMetadata(secondServer.url)) say(line);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
