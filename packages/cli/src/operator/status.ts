import { BusUnavailableError } from '@polytape/bus';
import { rest } from '@polytape/resilience';
import { shownJson } from '@polytape/service';
import { CommandError } from '../command-error.ts';
import type { RecorderAddress } from '../run/find-nats.ts';
import { gatherStatus } from './gather-status.ts';
import { openOperatorBus } from './operator-bus.ts';
import { figuresOf, type StatusReport } from './status-report.ts';
import { renderStatus } from './status-view.ts';

export type StatusOptions = {
  address: RecorderAddress;
  isJson: boolean;
  /** Shows all rows of a table instead of the first twenty. */
  isWhole: boolean;
  /** Refreshes every two seconds until `signal` aborts. */
  isWatching: boolean;
  output: NodeJS.WriteStream;
  signal: AbortSignal;
};

/**
 * Prints the status of a running recorder.
 *
 * @throws {CommandError} No recorder runs, or no service answers. A watch prints that instead, and keeps asking.
 */
export async function status(o: StatusOptions): Promise<void> {
  await using bus = await openOperatorBus(o.address, o.signal);
  if (!o.isWatching) {
    const report = await gatherStatus(bus, o.signal);
    if (report.services.length === 0 && report.refusals.length === 0) throw new CommandError(NOBODY);
    o.output.write(`${shown(report, o)}\n`);
    return;
  }
  while (!o.signal.aborted) {
    const text = await gatherStatus(bus, o.signal).then(
      (report) => shown(report, o),
      (error: unknown) => {
        if (error instanceof BusUnavailableError) return 'NATS does not answer. Asking again every two seconds.';
        throw error;
      },
    );
    const clear = o.output.isTTY && !o.isJson ? '\x1b[H\x1b[2J' : '';
    o.output.write(`${clear}${text}\n${clear === '' && !o.isJson ? '\n' : ''}`);
    await rest(WATCH_INTERVAL_MS, o.signal);
  }
}

function shown(report: StatusReport, o: StatusOptions): string {
  if (!o.isJson) return renderStatus(report, { columns: o.output.columns || COLUMNS, isWhole: o.isWhole });
  return shownJson(JSON.stringify({ figures: figuresOf(report), ...report }));
}

const NOBODY =
  'NATS is running, but no polytape service answers. Start them with `npx pnpm start` or `docker compose up`.';
const WATCH_INTERVAL_MS = 2_000;
/** Width of the tables when the output is not a terminal. */
const COLUMNS = 120;
