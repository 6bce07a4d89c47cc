import { randomBytes } from 'node:crypto';
import { Client } from 'pg';

/** A role with few rights on one database, and the URL to log in with. Dropped when disposed. */
export type LimitedRole = AsyncDisposable & { name: string; password: string; url: string };

export async function limitedRole(
  databaseUrl: string,
  options: { mayCreateTables?: boolean; connectionsMax?: number } = {},
): Promise<LimitedRole> {
  const name = `role_${randomBytes(6).toString('hex')}`;
  const password = randomBytes(12).toString('hex');
  const owner = new Client(databaseUrl);
  await owner.connect();
  await owner.query(
    `CREATE ROLE ${name} LOGIN PASSWORD '${password}' CONNECTION LIMIT ${options.connectionsMax ?? -1}`,
  );
  await owner.query('REVOKE CREATE ON SCHEMA public FROM PUBLIC'); // It is there up to PostgreSQL 14.
  if (options.mayCreateTables) await owner.query(`GRANT CREATE ON SCHEMA public TO ${name}`);

  const url = new URL(databaseUrl);
  url.username = name;
  url.password = password;
  return {
    name,
    password,
    url: url.href,
    [Symbol.asyncDispose]: async () => {
      await owner.query(`DROP OWNED BY ${name}; DROP ROLE ${name}`);
      await owner.end();
    },
  };
}
