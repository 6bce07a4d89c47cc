import type { Section } from './bench.ts';
import { benchAssignment } from './bench-assignment.ts';
import { benchBus } from './bench-bus.ts';
import { benchCoverage } from './bench-coverage.ts';
import { benchDatabase } from './bench-database.ts';
import { benchEndToEnd } from './bench-end-to-end.ts';
import { benchFrames } from './bench-frames.ts';
import { benchGrowth } from './bench-growth.ts';
import { benchIngestor } from './bench-ingestor.ts';
import { benchMetadata } from './bench-metadata.ts';
import { benchMishaps } from './bench-mishaps.ts';
import { benchPlanner } from './bench-planner.ts';
import { benchStartUp } from './bench-start-up.ts';
import { benchStorage } from './bench-storage.ts';
import { growthPlot } from './report/growth-plot.ts';

/** All sections, in the order of the report. */
export const SECTIONS: readonly Section[] = [
  {
    name: 'e2e',
    title: 'From the WebSocket frame to the committed row',
    about:
      'Everything runs on this machine, in processes of its own: the simulated venue, which is not counted and sends a price change or book beside each trade, and the recorder with nats-server and PostgreSQL. The spread is that of equal parts of one run, after ten seconds of warm-up. Beside each figure stands that of the plain alternative at the same rate. Beyond what the machine carries, polytape pauses its sockets; the venue cuts a connection that reads too slowly, and what it executes until the connection is back is missing. The plain alternative takes everything into memory instead.',
    isQuick: true,
    run: benchEndToEnd,
  },
  {
    name: 'mishaps',
    title: 'What a mishap costs',
    about:
      'The database stands still for three seconds at 5,000 trades/s, a recording process is killed and started again, and the venue sends each frame on two connections. One run each; the plain alternative is the baseline.',
    isQuick: false,
    run: benchMishaps,
  },
  {
    name: 'start-up',
    title: 'From the command to the first committed trade',
    about:
      'The `demo` command: cold with an empty data directory and fetched programs, warm for `start` on data of an earlier run. The parts overlap; each counts from the start of the process.',
    isQuick: true,
    run: benchStartUp,
  },
  {
    name: 'frames',
    title: 'Frames, one core',
    about: 'Per second of processor time, in one process without a network. Nine frames in ten hold no trade.',
    isQuick: true,
    run: benchFrames,
  },
  {
    name: 'ingestor',
    title: 'An ingestor, from the socket of the venue to that of the broker',
    about:
      'Per second of processor time of the process that receives; the venue and nats-server run in processes of their own.',
    isQuick: true,
    run: benchIngestor,
  },
  {
    name: 'publish',
    title: 'nats-server: publishing and reading',
    about: 'One trade a message, each with an id and an acknowledgement. The server syncs to disk every 100 ms.',
    isQuick: true,
    run: benchBus,
  },
  {
    name: 'writer',
    title: 'The database',
    about:
      "The writer's transaction, from the bytes of messages to the commit. Synced to disk. New rows are copied into the table, known ones into a temporary table and skipped.",
    isQuick: true,
    run: benchDatabase,
  },
  {
    name: 'storage',
    title: 'What a trade takes on disk, and queries of a long tape',
    about:
      'Ten million generated trades of three days and 20,000 tokens, each with a transaction hash of its own, which no compression makes smaller than 32 bytes.',
    isQuick: false,
    run: benchStorage,
  },
  {
    name: 'planner',
    title: 'Shard planner, one core',
    about: 'With more tokens than the venue had in 2026.',
    isQuick: true,
    run: benchPlanner,
  },
  {
    name: 'assignment',
    title: 'Assignment of shards, one core',
    about: 'Which ingestor records which shard; each ingestor computes it whenever one joins or leaves.',
    isQuick: true,
    run: benchAssignment,
  },
  {
    name: 'coverage',
    title: 'How fast new markets are recorded',
    about: 'A venue that answers at once announces 200 markets to a scheduler and an ingestor with default settings.',
    isQuick: false,
    run: benchCoverage,
  },
  {
    name: 'metadata',
    title: 'A scheduler and 20,000 markets',
    about: 'A first scan, then a restart at which all jobs begin at once, at a venue that answers at once.',
    isQuick: false,
    run: benchMetadata,
  },
  {
    name: 'growth',
    title: 'How it grows with the venue',
    about:
      'A quiet venue of several sizes, whose traffic grows with it, and a recorder with default settings. Measured for a minute after full coverage.',
    isQuick: false,
    run: benchGrowth,
    plot: growthPlot,
  },
];
