import { execFile } from 'node:child_process';
import { CommandError } from '../command-error.ts';
import { serviceMain } from './service-process.ts';

/**
 * Has every service read its settings, before servers are fetched and started for them in vain.
 *
 * @param env Beyond this process's own, as the services will have it.
 * @throws {CommandError} One of them cannot use them: its own words, which name the variables.
 */
export async function checkServices(env: Record<string, string>): Promise<void> {
  const said = await Promise.all(SERVICES.map((service) => complaintOf(service, env)));
  const complaints = said.filter((text) => text !== null);
  if (complaints.length > 0) throw new CommandError(complaints.join(' '));
}

/** What the service says against its settings, or null. */
function complaintOf(service: string, env: Record<string, string>): Promise<string | null> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...env }, timeout: CHECK_MS_MAX };
    execFile(process.execPath, [serviceMain(service), '--check'], options, (error, _stdout, stderr) => {
      // One that was killed, or was too slow, has not complained: how it starts will show.
      resolve(error?.code === 1 ? stderr.trim() : null);
    });
  });
}

const SERVICES = ['writer', 'scheduler', 'ws-ingestor'];
const CHECK_MS_MAX = 10_000;
