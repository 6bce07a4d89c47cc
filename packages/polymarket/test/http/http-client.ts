import { onTestFinished } from 'vitest';
import { VenueHttp, type VenueHttpOptions } from '../../src/http/venue-http.ts';
import { RecordingLog } from '../recording.ts';
import { LocalRest } from './local-rest.ts';

/** Waits of seconds, scaled down. */
const QUICK = { backoffMsMin: 5, backoffMsMax: 20, triesMax: 3 };

/** Disposed of with the test. */
export async function aServer(...answers: Parameters<typeof LocalRest.start>): Promise<LocalRest> {
  const rest = await LocalRest.start(...answers);
  onTestFinished(() => rest[Symbol.asyncDispose]());
  return rest;
}

export function aClient(options: Partial<VenueHttpOptions> = {}) {
  const log = new RecordingLog();
  const http = new VenueHttp({ log, ...QUICK, ...options });
  const get = (url: string, signal: AbortSignal = new AbortController().signal) =>
    http.getJson(new URL(url), { rules: [], signal });
  return { http, log, get };
}

/** The error of a promise. Fails if the promise succeeds. */
export async function failure(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    (value) => new Error(`it succeeded: ${JSON.stringify(value)}`),
    (error) => error,
  );
}
