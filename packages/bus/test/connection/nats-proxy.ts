import { type TcpProxy, tcpProxy } from '@polytape/test-servers';

/** The protocol line of a message that a consumer delivers. */
export const DELIVERED = /^H?MSG .* \$JS\.ACK\./;
/** The protocol line of an acknowledgement, or of another answer. */
export const ANSWER = /^H?MSG _INBOX\./;

/** A way to a NATS server that loses and slows down whole messages. */
export function natsProxy(url: string, port = 0): Promise<TcpProxy> {
  return tcpProxy(url, { port, partsOf: messagesOf });
}

/** Cuts what a server sends into protocol lines, each with the message that it announces. */
function messagesOf(): (bytes: Buffer) => Buffer[] {
  let rest: Buffer = Buffer.alloc(0);
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    const parts: Buffer[] = [];
    for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
      const line = rest.toString('latin1', 0, end);
      const isMessage = line.startsWith('MSG ') || line.startsWith('HMSG ');
      const length = end + 2 + (isMessage ? Number(line.split(' ').at(-1)) + 2 : 0);
      if (rest.length < length) break;
      parts.push(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
    return parts;
  };
}
