import type { Msg } from '@nats-io/transport-node';
import type { Connection } from '../connection/connection.ts';

/** Makes the answer to one request; both are JSON values. An exception becomes a refusal in its words. */
export type RequestHandler = (request: unknown) => unknown;

/** What stands in an answer instead of what was asked for. */
export type Refusal = { refused: string };

/** As `Bus.serve`. */
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
  // The client subscribes again by itself when the connection is back. What it is refused, the connection has told.
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

/** An empty request is null, so that `nats req <subject> ''` will do. @throws It is no JSON. */
function requestOf(message: Msg): unknown {
  if (message.data.length === 0) return null;
  try {
    return message.json();
  } catch (cause) {
    throw new Error('the request is not JSON', { cause });
  }
}

/** While the connection is away the answer is lost, and whoever asked asks again. */
function respond(message: Msg, answer: unknown): void {
  try {
    message.respond(JSON.stringify(answer));
  } catch (error) {
    // Larger than the server takes, or the connection is closed for good.
    const refused = `the answer cannot be sent: ${error instanceof Error ? error.message : String(error)}`;
    try {
      message.respond(JSON.stringify({ refused } satisfies Refusal));
    } catch {
      // Closed for good: `Bus.closed` tells.
    }
  }
}

/** Requests in hand at once; an operator's commands are few. */
const REQUESTS_MAX = 64;
