import { AckPolicy, DeliverPolicy, type MsgRequest, type StreamInfo } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import type { Connection } from '../connection/connection.ts';
import { translateFailure } from '../connection/translate-failure.ts';
import { type StreamMessage, storedMessage } from './stream-message.ts';

/** The stream's settings and state. @throws {StreamMissingError | BusUnavailableError | BusPermissionError} */
export async function streamInfo({ jsm }: Connection, stream: string): Promise<StreamInfo> {
  try {
    return await jsm.streams.info(stream);
  } catch (error) {
    throw translateFailure(error, stream);
  }
}

/** One message as the stream's leader has it; null when there is none. @throws as `streamInfo` */
export async function messageOf(
  { jsm }: Connection,
  stream: string,
  request: MsgRequest,
): Promise<StreamMessage | null> {
  try {
    const stored = await jsm.streams.getMessage(stream, request);
    return stored === null ? null : storedMessage(stored);
  } catch (error) {
    throw translateFailure(error, stream);
  }
}

/** The sequence before the first message that the broker stored at this time or later. @throws as `streamInfo` */
export async function sequenceBefore({ jsm }: Connection, stream: string, timeMs: number): Promise<number> {
  try {
    // The server looks up a time only for a consumer. This one is never read.
    const { name, delivered } = await jsm.consumers.add(stream, {
      deliver_policy: DeliverPolicy.StartTime,
      opt_start_time: new Date(timeMs).toISOString(),
      ack_policy: AckPolicy.None,
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: nanos(1_000),
    });
    await jsm.consumers.delete(stream, name);
    return delivered.stream_seq;
  } catch (error) {
    throw translateFailure(error, stream);
  }
}
