/** Connection options for NATS's own client, which does not accept credentials in the address. */
export function natsOptions(url: string): { servers: string; user?: string; pass?: string; token?: string } {
  const { host, username, password } = new URL(url);
  if (username === '') return { servers: host };
  if (password === '') return { servers: host, token: decodeURIComponent(username) };
  return { servers: host, user: decodeURIComponent(username), pass: decodeURIComponent(password) };
}
