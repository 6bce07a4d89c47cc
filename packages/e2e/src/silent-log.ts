import type { Log } from '@polytape/types';

/** For the connections of the tests themselves: what the processes under test say is what counts. */
export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
