import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { natsOptions, testNats } from '@polytape/test-servers';
import { expect, test } from 'vitest';
import { deleteStreams } from '../src/delete-streams.ts';

test('deleteStreams deletes all streams of a given NATS, even if they fill more than one page', async () => {
  await using nats = await testNats();
  const connection = await connect(natsOptions(nats.url));
  try {
    const manager = await jetstreamManager(connection);
    const names = Array.from({ length: 1_100 }, (_, i) => `S${i}`);
    for (const name of names) await manager.streams.add({ name, subjects: [name], storage: 'memory' });
    await deleteStreams(nats.url);
    expect(await manager.streams.names().next()).toEqual([]);
  } finally {
    await connection.close();
  }
});
