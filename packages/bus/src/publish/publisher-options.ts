export type PublisherOptions = {
  /** Limit of messages sent and not yet acknowledged. */
  unacknowledgedMax: number;
  /** Messages that may wait behind that window before the publisher is `full`. */
  queueMax: number;
  /** Limit of bytes sent and not yet acknowledged; one message may always be sent. Default 16 MiB. */
  unacknowledgedBytesMax?: number;
  /** Bytes of headers and bodies that may wait before the publisher is `full`. Default 128 MiB. */
  queueBytesMax?: number;
  /**
   * How long to wait for an acknowledgement before the first retry; doubles with each retry. While acknowledgements of
   * older messages keep coming the server is only slow, and nothing is sent again. Default 5,000.
   */
  acknowledgeMsMax?: number;
  /**
   * How long the broker must have worked on after an acknowledgement before the message counts as synced to disk: twenty times
   * its `sync_interval`. Default 2,000.
   */
  holdMs?: number;
  /** Limit of the memory for messages acknowledged and not yet settled; nothing is sent while it is reached. Default 256 MiB. */
  heldBytesMax?: number;
};

/** Plain numbers for metrics; counters since the publisher was made. */
export type PublisherStats = {
  queued: number;
  queuedBytes: number;
  unacknowledged: number;
  acknowledged: number;
  /** Acknowledged messages that are kept until the broker must have synced them. */
  held: number;
  heldBytes: number;
  /** Acknowledged messages that were published again because the broker may have lost them. */
  republished: number;
  /** Acknowledged messages that the broker already had. */
  duplicates: number;
  retries: number;
  rejected: number;
  /** Our clock when the oldest unacknowledged message was taken; null when there is none. */
  oldestTakenAtMs: number | null;
};
