import type { StreamMessage } from '@polytape/bus';
import type { SnapshotPage } from '@polytape/types';

/** The snapshots of a page as messages with one each. @throws {SyntaxError} The body is not JSON. */
export function snapshotParts(message: StreamMessage): StreamMessage[] {
  return snapshotsOf(message).map((snapshot) => withSnapshots(message, [snapshot]));
}

/** The message with the snapshots of these parts only. */
export function joinedParts(message: StreamMessage, parts: readonly StreamMessage[]): StreamMessage {
  return withSnapshots(message, parts.flatMap(snapshotsOf));
}

function snapshotsOf({ body }: StreamMessage): unknown[] {
  return (JSON.parse(Buffer.from(body).toString()) as Partial<SnapshotPage<unknown>>).snapshots ?? [];
}

function withSnapshots(message: StreamMessage, snapshots: unknown[]): StreamMessage {
  const { sequence, subject, messageId, storedAtMs } = message;
  const page: SnapshotPage<unknown> = { snapshots };
  const body = Buffer.from(JSON.stringify(page));
  return { sequence, subject, messageId, storedAtMs, body, header: (name) => message.header(name) };
}
