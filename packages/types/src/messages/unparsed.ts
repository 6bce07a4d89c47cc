/**
 * Something that arrived and could not be parsed; the body of a message on `pm.unparsed.<connectionId>`. It is kept so that
 * a corrected parser can read it later.
 *
 * In each second the first few bodies of a kind are kept and the others are counted. A count is a record of the ingestor
 * itself: it has `omitted`, an empty body, and the ingestor's id instead of a connection's.
 */
export type Unparsed = {
  connectionId: string;
  /** Number of this body on its connection, from 0. Bodies that are only counted have a number, too. */
  counter: number;
  /** Our clock, microseconds since the epoch. */
  receivedAtUs: number;
  /** Why it could not be parsed, in words for the operator. */
  reason: string;
  /** Only in a count: how many more bodies of this kind came in that second. */
  omitted?: number;
  encoding: 'utf8' | 'base64';
  /** The raw body, cut at UNPARSED_BODY_BYTES_MAX. */
  body: string;
  /** Length of the whole body in bytes. */
  lengthBytes: number;
  /** sha256 over the whole body, hex. */
  sha256: string;
};

/** How much of a body is kept; length and hash describe the rest. */
export const UNPARSED_BODY_BYTES_MAX = 256 * 1024;
