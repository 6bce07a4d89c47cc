import { connect } from '@nats-io/transport-node';
import { freePort } from '@polytape/embedded';
import type { TestNats } from './test-nats-server.ts';

/** The same image as in docker-compose.yml. */
const IMAGE = 'nats:2-alpine';
const CONFIGURATION = `
max_payload: 8MB
jetstream { store_dir: "/data", sync_interval: 100ms }
`;

/** nats-server in a container, for TEST_STACK=docker. */
export async function dockerNats(): Promise<TestNats> {
  const { GenericContainer, getContainerRuntimeClient, Wait } = await import('testcontainers'); // heavy, and needed only here
  // A port chosen by Docker would change with each start of the container.
  const port = await freePort();
  const container = await new GenericContainer(IMAGE)
    .withCopyContentToContainer([{ content: CONFIGURATION, target: '/etc/polytape-test.conf' }])
    .withCommand(['--config', '/etc/polytape-test.conf'])
    .withExposedPorts({ container: 4222, host: port })
    .withWaitStrategy(Wait.forLogMessage(/Server is ready/))
    .start();
  const url = `nats://${container.getHost()}:${port}`;
  const client = await getContainerRuntimeClient();
  const handle = client.container.getById(container.getId());
  const start = async () => {
    await handle.start();
    // Docker's proxy accepts connections before the server does, so only a session proves that it is up.
    const session = await connect({
      servers: url,
      waitOnFirstConnect: true,
      maxReconnectAttempts: 300,
      reconnectTimeWait: 100,
    });
    await session.close();
  };
  return {
    url,
    canRestart: true,
    start,
    async restart() {
      await handle.stop({ t: 15 });
      await start();
    },
    async kill() {
      const gone = handle.wait({ condition: 'not-running' });
      await handle.kill();
      await gone;
    },
    async [Symbol.asyncDispose]() {
      await container.stop({ removeVolumes: true });
    },
  };
}
