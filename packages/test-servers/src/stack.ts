/** The source of the servers of a test run. */
export type Stack = {
  /** A PostgreSQL to use, or `null` to start one. */
  databaseUrl: string | null;
  /** A NATS to use, or `null` to start one per test that asks. */
  natsUrl: string | null;
  /** How to start servers that are not given. */
  start: 'embedded' | 'docker';
};

/**
 * Reads TEST_DATABASE_URL, TEST_NATS_URL and TEST_STACK.
 *
 * @throws {TypeError} TEST_STACK is neither `embedded` nor `docker`.
 */
export function stackFrom(environment: Record<string, string | undefined>): Stack {
  const start = environment.TEST_STACK || 'embedded';
  if (start !== 'embedded' && start !== 'docker') {
    throw new TypeError(`TEST_STACK is "${start}"; it must be "docker", "embedded" or unset.`);
  }
  return {
    databaseUrl: environment.TEST_DATABASE_URL || null,
    natsUrl: environment.TEST_NATS_URL || null,
    start,
  };
}
