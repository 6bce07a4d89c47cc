import { execFile } from 'node:child_process';
import { CommandError } from '../command-error.ts';
import { serviceMain } from './service-process.ts';

/**
 * Lets every service check its settings, before servers are fetched and started in vain.
 *
 * @param env Additions to this process's environment, as the services will get them.
 * @throws {CommandError} A service rejects its settings; the message is its own and names the variables.
 */
export async function checkServices(env: Record<string, string>): Promise<void> {
  const said = await Promise.all(SERVICES.map((service) => complaintOf(service, env)));
  const complaints = said.filter((text) => text !== null);
  if (complaints.length > 0) throw new CommandError(complaints.join(' '));
}

/** The service's complaint about its settings, or null. */
function complaintOf(service: string, env: Record<string, string>): Promise<string | null> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...env }, timeout: CHECK_MS_MAX };
    execFile(process.execPath, [serviceMain(service), '--check'], options, (error, _stdout, stderr) => {
      // A check that was killed or too slow is no complaint; the start itself will show problems.
      resolve(error?.code === 1 ? stderr.trim() : null);
    });
  });
}

const SERVICES = ['writer', 'scheduler', 'ws-ingestor'];
const CHECK_MS_MAX = 10_000;
