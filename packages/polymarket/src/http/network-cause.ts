/** Why a connection failed, in words: `connection refused`, `host not found`, … For unknown errors, their own message. */
export function networkCause(error: unknown): string {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < CAUSES_MAX; at = at.cause, depth += 1) {
    const code = 'code' in at && typeof at.code === 'string' ? at.code : '';
    const words =
      WORDS.get(code) ?? (code.startsWith('ERR_TLS') || code.includes('CERT') ? `TLS failed, ${code}` : null);
    if (words !== null) return words;
    if (at.cause === undefined) return [at.message.trim(), code].filter((part) => part !== '').join(', ') || at.name;
  }
  return String(error);
}

const WORDS = new Map([
  ['ECONNREFUSED', 'connection refused'],
  ['ECONNRESET', 'connection reset'],
  ['EPIPE', 'connection reset'],
  ['UND_ERR_SOCKET', 'connection closed by the other side'],
  ['ENOTFOUND', 'host not found'],
  ['EAI_AGAIN', 'host not found (the name server did not answer)'],
  ['EHOSTUNREACH', 'host unreachable'],
  ['ENETUNREACH', 'network unreachable'],
  ['ETIMEDOUT', 'timed out'],
  ['UND_ERR_CONNECT_TIMEOUT', 'timed out while connecting'],
  ['UND_ERR_HEADERS_TIMEOUT', 'timed out waiting for an answer'],
  ['UND_ERR_BODY_TIMEOUT', 'timed out in the middle of an answer'],
]);

const CAUSES_MAX = 8;
