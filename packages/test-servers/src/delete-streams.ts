import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { natsOptions } from './nats-options.ts';

/** Deletes these streams of a server with all that they hold (a bucket's is `KV_<bucket>`), or every one of them. */
export async function deleteStreams(url: string, only?: readonly string[]): Promise<void> {
  const connection = await connect({ ...natsOptions(url), timeout: 10_000 });
  try {
    const manager = await jetstreamManager(connection);
    // All names first: they come in pages by offset, and deleting moves the offsets.
    const names: string[] = [...(only ?? [])];
    if (only === undefined) for await (const name of manager.streams.names()) names.push(name);
    for (const name of names) await manager.streams.delete(name);
  } finally {
    await connection.close();
  }
}
