/**
 * Something that arrived and could not be understood; the body of a message on `pm.unparsed.<connectionId>`.
 * It is kept so that a parser mended later can read it, and so that nobody has to believe that there was none.
 */
export type Unparsed = {
  connectionId: string;
  /** Number of this record on its connection, from 0. */
  counter: number;
  /** Our clock, microseconds since the epoch. */
  receivedAtUs: number;
  /** Why, in words for the operator. */
  reason: string;
  encoding: 'utf8' | 'base64';
  /** The raw body, cut at UNPARSED_BODY_BYTES_MAX. */
  body: string;
  /** Length of the whole body in bytes. */
  lengthBytes: number;
  /** sha256 over the whole body, hex. */
  sha256: string;
};

/** What is kept of a body; the rest is told by its length and hash. */
export const UNPARSED_BODY_BYTES_MAX = 256 * 1024;
