import type { MsgRequest, StreamInfo } from '@nats-io/jetstream';
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
