/**
 * What a package asks of a logger: sentences with structured fields. pino's Logger fits.
 *
 * `info` is a change of state, `warn` was recovered without loss, `error` means that data was lost or a person is needed.
 */
export type Log = Record<'debug' | 'info' | 'warn' | 'error', (fields: object, sentence: string) => void>;

/** For connections beside those of the services, which log what happens to the server. */
export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
