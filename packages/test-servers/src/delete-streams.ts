import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

/** Deletes these streams of a server with all that they hold (a bucket's is `KV_<bucket>`), or every one of them. */
export async function deleteStreams(url: string, only?: readonly string[]): Promise<void> {
  const connection = await connect({ ...connectionOptions(url), timeout: 10_000 });
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

/** The client takes credentials as options only. */
function connectionOptions(url: string): { servers: string; user?: string; pass?: string } {
  const { host, username, password } = new URL(url);
  if (username === '') return { servers: host };
  return { servers: host, user: decodeURIComponent(username), pass: decodeURIComponent(password) };
}
