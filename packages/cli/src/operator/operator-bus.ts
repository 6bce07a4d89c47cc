import { Bus } from '@polytape/bus';
import { type IngestorPresence, type Log, presenceFault, silentLog } from '@polytape/types';
import { CommandError } from '../command-error.ts';
import { findNats, type RecorderAddress } from '../run/find-nats.ts';

/**
 * A connection to a running recorder's NATS server, for a person who waits.
 *
 * @throws {CommandError} Nothing runs, or the server does not answer in time.
 * @throws {BusConfigurationError} Its address or credentials are wrong.
 */
export async function openOperatorBus(address: RecorderAddress, stop: AbortSignal): Promise<Bus> {
  const url = findNats(address);
  let cause = 'nothing came back';
  const log: Log = {
    ...silentLog,
    warn: (fields, sentence) => {
      cause = 'cause' in fields ? String(fields.cause) : sentence;
    },
  };
  const late = AbortSignal.timeout(CONNECT_MS_MAX);
  try {
    return await Bus.connect({ url, name: 'polytape', log, signal: AbortSignal.any([stop, late]) });
  } catch (error) {
    if (!late.aborted) throw error;
    throw new CommandError(
      `No answer from the NATS server at ${new URL(url).host} within ${CONNECT_MS_MAX / 1_000} s (${cause}). ` +
        'Is the recorder running? --nats-url or NATS_URL names another server, --data-dir another directory.',
    );
  }
}

/** The ingestors that have announced themselves lately. One that was killed is among them for up to 15 s. */
export async function announcedIngestors(bus: Bus): Promise<string[]> {
  const presences = await (await bus.kv<IngestorPresence>('ingestors', presenceFault)).list();
  return [...presences].filter(([, { value }]) => !hasLeft(value)).map(([id]) => id);
}

/** The last word of an ingestor that ended in order. */
function hasLeft({ state, shards }: IngestorPresence): boolean {
  return state === 'leaving' && Object.keys(shards).length === 0;
}

const CONNECT_MS_MAX = 5_000;
