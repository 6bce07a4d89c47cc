import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { natsOptions } from './nats-options.ts';

/** Deletes these streams of a server (a bucket's stream is `KV_<bucket>`), or all of them. */
export async function deleteStreams(url: string, only?: readonly string[]): Promise<void> {
  const connection = await connect({ ...natsOptions(url), timeout: 10_000 });
  try {
    const manager = await jetstreamManager(connection);
    // List all names first: they come in pages by offset, which deleting would shift.
    const names: string[] = [...(only ?? [])];
    if (only === undefined) for await (const name of manager.streams.names()) names.push(name);
    for (const name of names) await manager.streams.delete(name);
  } finally {
    await connection.close();
  }
}
