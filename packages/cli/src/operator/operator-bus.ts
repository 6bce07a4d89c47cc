import { Bus } from '@polytape/bus';
import { type IngestorPresence, presenceFault } from '@polytape/types';
import { connectWithin } from '../run/connect-within.ts';
import { findNats, type RecorderAddress } from '../run/find-nats.ts';

/**
 * A connection to a running recorder's NATS server, for a command that a person waits for.
 *
 * @throws {CommandError} No recorder runs, or its server does not answer in time.
 * @throws {BusConfigurationError} Its address or credentials are wrong.
 */
export async function openOperatorBus(address: RecorderAddress, stop: AbortSignal): Promise<Bus> {
  const url = findNats(address);
  return await connectWithin((o) => Bus.connect({ url, name: 'polytape', ...o }), {
    stop,
    refusal: (seconds, cause) =>
      `No answer from the NATS server at ${new URL(url).host} within ${seconds} s (${cause}). ` +
      'Is the recorder running? --nats-url or NATS_URL names another server, --data-dir another directory.',
  });
}

/** Ids of the ingestors whose keys are alive. A killed ingestor stays in the list for up to 15 s. */
export async function announcedIngestors(bus: Bus): Promise<string[]> {
  const presences = await (await bus.kv<IngestorPresence>('ingestors', presenceFault)).list();
  return [...presences].filter(([, { value }]) => !hasLeft(value)).map(([id]) => id);
}

/** An ingestor that stopped in order leaves this as its last state. */
function hasLeft({ state, shards }: IngestorPresence): boolean {
  return state === 'leaving' && Object.keys(shards).length === 0;
}
