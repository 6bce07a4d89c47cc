import type { Connection, Submittable } from 'pg';

/**
 * One message with statements, and behind it the rows of the COPY among them. The rows do not wait for the server to ask for
 * them: it reads them when it comes to the COPY, and ignores them when a statement fails before.
 *
 * Source: PostgreSQL documentation, Message Flow, "COPY Operations".
 */
export class CopyQuery implements Submittable {
  /** The number of rows that the last statement with rows stored. */
  readonly stored: Promise<number>;
  /** `pg` puts its own around it, which ends its timeout. */
  callback: (error?: Error) => void;
  readonly #text: string;
  readonly #rows: Buffer;
  #count = 0;

  constructor(text: string, rows: Buffer) {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#text = text;
    this.#rows = rows;
    this.stored = promise;
    this.callback = (error) => (error ? reject(error) : resolve(this.#count));
  }

  submit(connection: Connection): void {
    const { stream } = connection;
    const head = Buffer.alloc(5);
    head.write('d');
    head.writeUInt32BE(4 + this.#rows.length, 1);
    stream.cork();
    connection.query(this.#text);
    stream.write(head);
    stream.write(this.#rows);
    stream.write(COPY_DONE);
    stream.uncork();
  }

  handleCopyInResponse(): void {} // the rows are on their way

  /** `COPY 5000`, `INSERT 0 5000`; other statements have no number. */
  handleCommandComplete({ text }: { text: string }): void {
    const rows = /^(?:COPY|INSERT 0) (\d+)/.exec(text)?.[1];
    if (rows !== undefined) this.#count = Number(rows);
  }

  handleError(error: Error): void {
    this.callback(error);
  }

  handleReadyForQuery(): void {
    this.callback();
  }
}

const COPY_DONE = Buffer.from('c\0\0\0\x04', 'latin1');
