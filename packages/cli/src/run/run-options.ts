import type { Terminal } from '../terminal/terminal.ts';
import type { ServiceLogRecord } from './service-process.ts';

/** Options that `demo` and `start` share. */
export type RunOptions = {
  dataDirPath: string;
  natsServerBin: string | null;
  /** Length of the run once everything is up; null runs until stopped. */
  forMs: number | null;
  ingestors: number;
  /** Directory for CPU profiles of the services; null writes none. */
  cpuProfDir: string | null;
  terminal: Terminal;
  /** Aborts on Ctrl-C or a signal. */
  signal: AbortSignal;
};

/** Shows warnings and errors of the services. The log files hold everything. */
export function showLog(terminal: Terminal): (record: ServiceLogRecord) => void {
  let isHintGiven = false;
  return ({ level, service, msg, isVenueAway }) => {
    if (level !== 'warn' && level !== 'error') return;
    const hint = isVenueAway === true && !isHintGiven ? ' Without the venue, `npx pnpm demo` works offline.' : '';
    if (hint !== '') isHintGiven = true;
    terminal.say(`${service}: ${msg}${hint}`);
  };
}
