/** The same image as in docker-compose.yml. */
const IMAGE = 'timescale/timescaledb:latest-pg18';

const SETTINGS = { max_connections: '200', 'timescaledb.telemetry_level': 'off' };

/** PostgreSQL with TimescaleDB in a container, for TEST_STACK=docker. */
export async function dockerPostgres(more: Record<string, string>): Promise<AsyncDisposable & { url: string }> {
  const { GenericContainer, Wait } = await import('testcontainers'); // heavy, and needed only here
  const password = 'test';
  const settings = { ...SETTINGS, ...more };
  const container = await new GenericContainer(IMAGE)
    .withEnvironment({ POSTGRES_PASSWORD: password })
    .withCommand(['postgres', ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])])
    .withExposedPorts(5432)
    // The entrypoint's first server, which creates the cluster, logs it too.
    .withWaitStrategy(Wait.forLogMessage(/database system is ready to accept connections/, 2))
    .start();
  const address = `${container.getHost()}:${container.getMappedPort(5432)}`;
  return {
    url: `postgresql://postgres:${password}@${address}/postgres`,
    async [Symbol.asyncDispose]() {
      await container.stop({ removeVolumes: true });
    },
  };
}
