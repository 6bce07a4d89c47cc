import { errors, type MsgHdrs } from '@nats-io/transport-node';

/**
 * The headers of a message as one block of bytes. The client's own `headers()` costs 3 µs a message, and on the way to the
 * server only its `encode` is called.
 *
 * @throws {errors.InvalidArgumentError} A name or a value cannot be part of a header.
 */
export function headerBlock(messageId: string, headers: Record<string, string> | undefined): MsgHdrs {
  let block = 'NATS/1.0\r\n';
  for (const name in headers) block += line(name, headers[name] ?? '');
  block += `${line('Nats-Msg-Id', messageId)}\r\n`;
  const bytes = ENCODER.encode(block);
  return { encode: () => bytes } as unknown as MsgHdrs;
}

function line(name: string, value: string): string {
  if (INVALID_NAME.test(name) || INVALID_VALUE.test(value))
    throw new errors.InvalidArgumentError(`header ${JSON.stringify(name)} cannot contain a line break or a colon`);
  return `${name}: ${value}\r\n`;
}

const INVALID_NAME = /[^\x21-\x39\x3b-\x7e]/;
const INVALID_VALUE = /[\r\n]/;
const ENCODER = new TextEncoder();
