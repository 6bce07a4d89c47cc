/** One socket of a session. Its id appears in subjects, headers and rows. */
export type SessionConnection = { readonly connectionId: string };

/**
 * How a connection ended: the close code (1006 if there was none, 1009 for a frame that was too large) and the reason, if
 * known. `unreadMs`: if we closed it before reading everything that the venue had sent, an upper bound of the time span
 * of the unread frames; otherwise 0.
 */
export type ConnectionEnd = { code: number; reason: string; cause?: Error; unreadMs: number };

/** Called in the order `onOpen`, frames, `onClose`, for one connection after another. */
export type SessionHandler = {
  /** The socket is open, and the subscription has been sent. */
  onOpen(connection: SessionConnection): void;
  /**
   * A text frame in UTF-8, but never the venue's PONG; not decoded, because most frames need not be. Who keeps it keeps up to
   * 64 KiB, the chunk in which it arrived. `receivedAtUs`: our clock, microseconds since the epoch.
   */
  onFrame(connection: SessionConnection, frame: Buffer, receivedAtUs: number): void;
  /** A binary frame, or a text frame that is not UTF-8. The channel sends neither. */
  onBinary(connection: SessionConnection, bytes: Buffer, receivedAtUs: number): void;
  /** Only called for a connection that was open. */
  onClose(connection: SessionConnection, end: ConnectionEnd): void;
};
