import { randomBytes } from 'node:crypto';

/** A name for this process among its replicas: the host name for people, and four random bytes that make it unique. */
export function newInstanceId(hostname: string): string {
  const host = hostname.replace(/[^A-Za-z0-9-]+/g, '-').slice(0, 40);
  return `${host}-${randomBytes(4).toString('hex')}`;
}
