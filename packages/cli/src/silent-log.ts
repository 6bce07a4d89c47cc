import type { Log } from '@polytape/types';

/** For connections that the command uses beside the services: what happens to the server, the services tell. */
export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
