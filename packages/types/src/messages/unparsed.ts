/**
 * Something that arrived and could not be understood, or how much more of its kind there was; the body of a message on
 * `pm.unparsed.<connectionId>`. It is kept so that a parser mended later can read it, and so that nobody has to believe
 * that there was none.
 *
 * Each second the first few bodies of a kind are kept, and the others are counted: the count is a record of the ingestor
 * itself, with `omitted`, an empty body, and the ingestor's id in place of a connection's.
 */
export type Unparsed = {
  connectionId: string;
  /** Number of this body on its connection, from 0; those that were only counted have a number, too. */
  counter: number;
  /** Our clock, microseconds since the epoch. */
  receivedAtUs: number;
  /** Why, in words for the operator. */
  reason: string;
  /** Of a count: how many bodies of this kind came in that second beside those that were kept. */
  omitted?: number;
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
