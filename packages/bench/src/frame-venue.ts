/** A venue that sends the frames of `mixedFrames` as fast as they are read. Runs in a process of its own, so that it costs the reader nothing. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { bookFrame, mixedFrames } from './sample-frames.ts';

const server = createServer();
server.on('upgrade', (request, socket) => void serve(request.headers['sec-websocket-key'] ?? '', socket));
server.listen(0, '127.0.0.1', () => process.send?.(server.address()));
process.once('disconnect', () => process.exit());

async function serve(key: string, socket: Duplex): Promise<void> {
  socket.on('error', () => socket.destroy());
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  const [first] = await once(socket, 'data');
  socket.resume();
  if (first === undefined) return;
  socket.write(webSocketFrame(`[${bookFrame(0)},${bookFrame(1)}]`));
  const tradesIn = Number(process.argv[2]);
  const block = Buffer.concat(mixedFrames(10_000, tradesIn).map(webSocketFrame));
  const varied: number[] = [];
  for (let at = block.indexOf(HASH); at >= 0; at = block.indexOf(HASH, at + 1)) varied.push(at + HASH.length);
  for (let round = 0; !socket.destroyed; round += 1) {
    const bytes = Buffer.from(block);
    const digits = round.toString(16).padStart(8, '0');
    for (const at of varied) bytes.write(digits, at, 'latin1');
    if (!socket.write(bytes)) await once(socket, 'drain');
  }
}

/** An unmasked text frame of RFC 6455. */
function webSocketFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const isLong = payload.length > 0xff_ff;
  const head = Buffer.alloc(payload.length < 126 ? 2 : isLong ? 10 : 4);
  head[0] = 0x81;
  head[1] = payload.length < 126 ? payload.length : isLong ? 127 : 126;
  if (isLong) head.writeBigUInt64BE(BigInt(payload.length), 2);
  else if (payload.length >= 126) head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}

const HASH = '"transaction_hash":"0x';
