import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

/** Empties the JetStream of a server: every stream, and so every key-value bucket. */
export async function deleteAllStreams(url: string): Promise<void> {
  const connection = await connect({ ...connectionOptions(url), timeout: 10_000 });
  try {
    const manager = await jetstreamManager(connection);
    // All names first: they come in pages by offset, and deleting moves the offsets.
    const names: string[] = [];
    for await (const name of manager.streams.names()) names.push(name);
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
