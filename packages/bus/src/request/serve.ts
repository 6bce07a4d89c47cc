import type { Msg } from '@nats-io/transport-node';
import type { Connection } from '../connection/connection.ts';

/** Answers one request; both are JSON values. An exception becomes a refusal with its message. */
export type RequestHandler = (request: unknown) => unknown;

/** An answer that refuses the request. */
export type Refusal = { refused: string };

/** See `Bus.serve`. */
export function serve(connection: Connection, subject: string, handler: RequestHandler): AsyncDisposable {
  let inHand = 0;
  const answer = async (message: Msg): Promise<void> => {
    if (inHand >= REQUESTS_MAX) {
      respond(message, { refused: 'too many requests at once' });
      return;
    }
    inHand += 1;
    try {
      respond(message, (await handler(requestOf(message))) ?? null);
    } catch (error) {
      connection.log.debug({ err: error, subject }, `A request on ${subject} was refused.`);
      respond(message, { refused: error instanceof Error ? error.message : String(error) });
    } finally {
      inHand -= 1;
    }
  };
  // The client subscribes again by itself after a reconnect. The connection logs a denied subscription.
  const subscription = connection.nats.subscribe(subject, {
    callback: (error, message) => {
      if (error === null) void answer(message);
    },
  });
  return {
    async [Symbol.asyncDispose]() {
      subscription.unsubscribe();
    },
  };
}

/** An empty request is null, so that `nats req <subject> ''` works. @throws It is not JSON. */
function requestOf(message: Msg): unknown {
  if (message.data.length === 0) return null;
  try {
    return message.json();
  } catch (cause) {
    throw new Error('the request is not JSON', { cause });
  }
}

/** While the connection is down the answer is lost, and the requester asks again. */
function respond(message: Msg, answer: unknown): void {
  try {
    message.respond(JSON.stringify(answer));
  } catch (error) {
    // The answer is larger than the server accepts, or the connection is closed for good.
    const refused = `the answer cannot be sent: ${error instanceof Error ? error.message : String(error)}`;
    try {
      message.respond(JSON.stringify({ refused } satisfies Refusal));
    } catch {
      // Closed for good: `Bus.closed` reports it.
    }
  }
}

/** Limit of requests handled at once; operators' commands are few. */
const REQUESTS_MAX = 64;
