/** One socket's life within a session: its id stands in subjects, headers and rows. */
export type SessionConnection = { readonly connectionId: string };

/**
 * How a connection ended: the close code (1006 without one, 1009 for a frame too large) and why, where it is known.
 * `unreadMs`: where we closed it and could not read all that the venue had sent, the time of which that may be; else 0.
 */
export type ConnectionEnd = { code: number; reason: string; cause?: Error; unreadMs: number };

/** Called in order: `onOpen`, frames, `onClose`, for one connection after the other. */
export type SessionHandler = {
  /** The socket is open and the subscription sent. */
  onOpen(connection: SessionConnection): void;
  /** A text frame; never the venue's PONG. `receivedAtUs`: our clock, microseconds since the epoch. */
  onFrame(connection: SessionConnection, text: string, receivedAtUs: number): void;
  /** A binary frame, or a text frame that is not UTF-8. The channel sends neither. */
  onBinary(connection: SessionConnection, bytes: Buffer, receivedAtUs: number): void;
  /** Only for a connection that was open. */
  onClose(connection: SessionConnection, end: ConnectionEnd): void;
};
