import { randomBytes } from 'node:crypto';

/** A name for this process among its replicas: the host's, for people, and four random bytes, so that no two are alike. */
export function newInstanceId(hostname: string): string {
  const host = hostname.replace(/[^A-Za-z0-9-]+/g, '-').slice(0, 40);
  return `${host}-${randomBytes(4).toString('hex')}`;
}
