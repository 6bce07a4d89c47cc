/** A batch that is being filled. */
export type OpenBatch = {
  rows: number;
  bytes: number;
  /** When its first message came. */
  openedAtMs: number;
};

export type BatchLimits = { rowsMax: number; bytesMax: number; ageMsMax: number };

export type FlushReason = 'full' | 'heavy' | 'stale';

/** Why this batch must be handed out now, or `null` while it may keep filling. */
export function flushReason(batch: OpenBatch, limits: BatchLimits, nowMs: number): FlushReason | null {
  if (batch.rows === 0) return null;
  if (batch.rows >= limits.rowsMax) return 'full';
  if (batch.bytes >= limits.bytesMax) return 'heavy';
  if (nowMs - batch.openedAtMs >= limits.ageMsMax) return 'stale';
  return null;
}
