import { createHash } from 'node:crypto';
import { UNPARSED_BODY_BYTES_MAX, type Unparsed } from '@polytape/types';

/** The record of a body that could not be parsed: as text if the text survives JSON at a reasonable size, else as base64. */
export function unparsedRecord(
  raw: string | Uint8Array,
  seen: { connectionId: string; counter: number; receivedAtUs: number; reason: string },
): Unparsed {
  const bytes = typeof raw === 'string' ? Buffer.from(raw) : Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const kept = bytes.subarray(0, UNPARSED_BODY_BYTES_MAX);
  const text = typeof raw === 'string' ? keptText(raw, kept) : null;
  return {
    ...seen,
    encoding: text === null ? 'base64' : 'utf8',
    body: text ?? kept.toString('base64'),
    lengthBytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
}

/** The reason without the values that it quotes, so that garbage that differs each time is of one kind. */
export function unparsedKind(reason: string): string {
  return reason
    .replace(/, begins: .*$/s, '')
    .replace(/".*"/s, '"…"')
    .replace(/\d+(\.\d+)?(e[+-]?\d+)?/g, 'N');
}

/**
 * The text to keep, or null if it must be kept as bytes: because of a NUL, which PostgreSQL cannot store; of half a
 * surrogate pair, which UTF-8 cannot encode; or of so many escapes in JSON that the message would exceed the broker's limit.
 */
function keptText(whole: string, kept: Buffer): string | null {
  // A character that was cut in two becomes U+FFFD at the end.
  const decoded = kept.toString('utf8');
  const text = decoded.length < whole.length ? decoded.replace(/\uFFFD+$/, '') : decoded;
  if (!whole.isWellFormed() || text.includes('\0')) return null;
  return JSON.stringify(text).length > ESCAPED_LENGTH_MAX ? null : text;
}

/** With the other fields well below 1 MiB, the broker's default limit. */
const ESCAPED_LENGTH_MAX = UNPARSED_BODY_BYTES_MAX + UNPARSED_BODY_BYTES_MAX / 2;
