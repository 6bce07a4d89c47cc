/**
 * Encodes a text message as one WebSocket frame. A server's frames are not masked (RFC 6455, 5.1), so the bytes are the same for
 * every socket, and each event is encoded only once.
 */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const bytes = emptyFrame(OPCODE_TEXT, length);
  bytes.write(text, bytes.length - length);
  return bytes;
}

/** Encodes a binary message as one WebSocket frame. */
export function binaryFrame(payload: Buffer): Buffer {
  const bytes = emptyFrame(OPCODE_BINARY, payload.length);
  payload.copy(bytes, bytes.length - payload.length);
  return bytes;
}

/** A frame whose payload is not written yet. */
function emptyFrame(opcode: number, length: number): Buffer {
  const headerBytes = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const bytes = Buffer.allocUnsafe(headerBytes + length);
  bytes[0] = FINAL | opcode;
  if (headerBytes === 2) {
    bytes[1] = length;
  } else if (headerBytes === 4) {
    bytes[1] = 126;
    bytes.writeUInt16BE(length, 2);
  } else {
    bytes[1] = 127;
    bytes.writeBigUInt64BE(BigInt(length), 2);
  }
  return bytes;
}

const FINAL = 0x80;
const OPCODE_TEXT = 0x1;
const OPCODE_BINARY = 0x2;
