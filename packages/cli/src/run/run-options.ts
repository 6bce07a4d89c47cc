import type { Terminal } from '../terminal/terminal.ts';
import type { ServiceLogRecord } from './service-process.ts';

/** What `demo` and `start` have in common. */
export type RunOptions = {
  dataDirPath: string;
  natsServerBin: string | null;
  /** Length of the run once everything is up; null: until it is stopped. */
  forMs: number | null;
  ingestors: number;
  terminal: Terminal;
  /** Aborts when a person asks for the end. */
  signal: AbortSignal;
};

/** Shows the records of the services' logs that a person should see; all of them are in the log files. */
export function showLog(terminal: Terminal): (record: ServiceLogRecord) => void {
  let isHintGiven = false;
  return ({ level, service, msg, isVenueAway }) => {
    if (level !== 'warn' && level !== 'error') return;
    const hint = isVenueAway === true && !isHintGiven ? ' Without the venue, `npx pnpm demo` works offline.' : '';
    if (hint !== '') isHintGiven = true;
    terminal.say(`${service}: ${msg}${hint}`);
  };
}
