/** What NATS's own client needs to connect to this address: it takes credentials as options only. */
export function natsOptions(url: string): { servers: string; user?: string; pass?: string } {
  const { host, username, password } = new URL(url);
  if (username === '') return { servers: host };
  return { servers: host, user: decodeURIComponent(username), pass: decodeURIComponent(password) };
}
