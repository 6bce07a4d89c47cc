import { BusConfigurationError } from '../errors.ts';

/** The parts of NATS_URL: servers and credentials. */
export type ServerAddress = {
  /** `host:port`, one or more (a cluster). */
  servers: string[];
  /** The servers as text for people and logs, without credentials. */
  shown: string;
  tls: boolean;
  user?: string;
  pass?: string;
  token?: string;
};

/**
 * Parses `nats://[user:password@]host[:port]`, `nats://token@host`, `tls://...`, or several of them separated by commas; the
 * first one with credentials provides them for all. A bare `host:port` means `nats://host:port`.
 *
 * @throws {BusConfigurationError} The text is not such an address.
 */
export function parseServerAddress(text: string): ServerAddress {
  const urls = text.split(',').map((part) => parseOne(part.trim(), text));
  const credentials = urls.find((url) => url.username !== '' || url.password !== '');
  const servers = urls.map((url) => `${url.hostname}:${url.port === '' ? PORT_DEFAULT : url.port}`);
  return {
    servers,
    shown: servers.join(', '),
    tls: urls.some((url) => url.protocol === 'tls:'),
    ...(credentials === undefined ? {} : credentialsOf(credentials, text)),
  };
}

function parseOne(part: string, text: string): URL {
  let url: URL;
  try {
    url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(part) ? part : `nats://${part}`);
  } catch {
    throw malformed(text);
  }
  const isPlain = url.pathname.replace('/', '') === '' && url.search === '' && url.hash === '';
  if (!['nats:', 'tls:'].includes(url.protocol) || url.hostname === '' || !isPlain) throw malformed(text);
  return url;
}

/** A name without a password is a token, as in NATS's own tools. */
function credentialsOf(url: URL, text: string): { user: string; pass: string } | { token: string } {
  try {
    const user = decodeURIComponent(url.username);
    return url.password === '' ? { token: user } : { user, pass: decodeURIComponent(url.password) };
  } catch {
    throw malformed(text);
  }
}

function malformed(text: string): BusConfigurationError {
  // Everything before the last @ may be a secret, even in an address that cannot be parsed.
  const shown = text.replace(/^([a-z]+:\/\/)?.*@/is, '$1***@').slice(0, SHOWN_LENGTH_MAX);
  return new BusConfigurationError(
    `NATS_URL is not the address of a NATS server: ${JSON.stringify(shown)}.`,
    'Write it as nats://[user:password@]host:4222, with special characters of user and password percent-encoded.',
  );
}

const PORT_DEFAULT = '4222';
const SHOWN_LENGTH_MAX = 200;
