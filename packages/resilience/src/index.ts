export { backoffMs } from './backoff.ts';
export { FailureLog } from './failure-log.ts';
export { type Log, silentLog } from './log.ts';
export { unlessAborted } from './unless-aborted.ts';
export { atMost, rest, WakeUp } from './wake-up.ts';
