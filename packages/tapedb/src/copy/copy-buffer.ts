/**
 * Rows in the format of `COPY … (FORMAT binary)`: the server parses no text, and decimals stay exact. Fields are written
 * in the order of the columns. Methods throw a RangeError for a value that the column cannot hold.
 *
 * Source: PostgreSQL documentation, COPY, "Binary Format"; the types' send and receive functions.
 */
export class CopyBuffer {
  #buffer: Buffer;
  /** Of the buffer. Its methods take a third of the time of the buffer's own. */
  #view: DataView;
  #length: number;

  constructor(options: { bytesExpected: number }) {
    this.#buffer = Buffer.allocUnsafeSlow(Math.max(options.bytesExpected, 1_024));
    this.#view = viewOf(this.#buffer);
    this.#length = HEADER.copy(this.#buffer);
  }

  /** Bytes so far. */
  get length(): number {
    return this.#length;
  }

  row(fields: number): void {
    this.#reserve(2);
    this.#int16(fields);
  }

  null(): void {
    this.#reserve(4);
    this.#int32(-1);
  }

  int16(value: number): void {
    this.#reserve(6);
    this.#int32(2);
    this.#int16(value);
  }

  int32(value: number): void {
    this.#reserve(8);
    this.#int32(4);
    this.#int32(value);
  }

  /** Sets the value of an int32 that was written before; `at` is where its field began. */
  setInt32(at: number, value: number): void {
    this.#view.setInt32(at + 4, value);
  }

  /** A bigint given as a safe integer. */
  int64(value: number): void {
    if (!Number.isSafeInteger(value)) throw new RangeError(`not a whole number: ${value}`);
    this.#reserve(12);
    this.#int32(8);
    this.#int32(Math.floor(value / 2 ** 32));
    this.#int32(value | 0);
  }

  /** A `"char"`: one byte. */
  char(value: string): void {
    this.#reserve(5);
    this.#int32(1);
    this.#view.setUint8(this.#length++, value.charCodeAt(0));
  }

  /** A timestamptz given in microseconds since 1970; the server counts from 2000. */
  timestamp(microseconds: number): void {
    this.int64(microseconds - EPOCH_2000_US);
  }

  /** A bytea given as hex digits. */
  hex(digits: string): void {
    this.hexBytes(latin1(digits), 0, digits.length);
  }

  /** A bytea given as hex digits, in lower or upper case, from `at` to `end` of the bytes. */
  hexBytes(bytes: Uint8Array, at: number, end: number): void {
    const length = (end - at) / 2;
    this.#reserve(4 + Math.ceil(length));
    this.#int32(length);
    for (let i = at; i < end; i += 2) {
      const value = (HEX_VALUES[bytes[i] ?? 0] ?? NO_HEX) * 16 + (HEX_VALUES[bytes[i + 1] ?? 0] ?? NO_HEX);
      if (value >= 256) throw new RangeError(`not hex digits: ${JSON.stringify(text(bytes, at, end))}`);
      this.#view.setUint8(this.#length++, value);
    }
  }

  /** A boolean: one byte. */
  boolean(value: boolean): void {
    this.#reserve(5);
    this.#int32(1);
    this.#view.setUint8(this.#length++, value ? 1 : 0);
  }

  /** A jsonb given as JSON text, which the server parses. */
  jsonb(json: string): void {
    const bytes = Buffer.byteLength(json);
    this.#reserve(5 + bytes);
    this.#int32(1 + bytes);
    this.#view.setUint8(this.#length++, JSONB_VERSION);
    this.#length += this.#buffer.write(json, this.#length);
  }

  /** As `numeric`, or null. */
  numericOrNull(text: string | null): void {
    if (text === null) this.null();
    else this.numeric(text);
  }

  /** A numeric given as plain decimal text (see `isDecimal`), with an optional minus. */
  numeric(decimal: string): void {
    const isNegative = decimal.startsWith('-');
    this.numericBytes(latin1(decimal), isNegative ? 1 : 0, decimal.length, isNegative);
  }

  /**
   * A numeric given as plain decimal text (see `isDecimal`) from `at` to `end` of the bytes: exact, with all decimals as written.
   * It travels as digits of base 10,000 on both sides of the point; the server drops zeros at the ends.
   */
  numericBytes(bytes: Uint8Array, at: number, end: number, isNegative = false): void {
    let point = at;
    while (point < end && bytes[point] !== POINT) point += 1;
    const scale = Math.max(0, end - point - 1);
    const before = Math.ceil((point - at) / 4);
    const behind = Math.ceil(scale / 4);

    this.#reserve(12 + 2 * (before + behind));
    this.#int32(8 + 2 * (before + behind));
    this.#int16(before + behind);
    this.#int16(before - 1); // weight: the power of 10,000 of the first digit
    this.#int16(isNegative ? SIGN_NEGATIVE : SIGN_POSITIVE);
    this.#int16(scale);
    for (let from = point - 4 * before; from < point; from += 4) this.#int16(fourDigits(bytes, from, at, point));
    for (let from = point + 1; from < end; from += 4) this.#int16(fourDigits(bytes, from, from, end));
  }

  /** The rows so far, ready to be sent. */
  finish(): Buffer {
    this.#reserve(2);
    this.#view.setInt16(this.#length, -1);
    return this.#buffer.subarray(0, this.#length + 2);
  }

  #int16(value: number): void {
    this.#view.setInt16(this.#length, value);
    this.#length += 2;
  }

  #int32(value: number): void {
    this.#view.setInt32(this.#length, value);
    this.#length += 4;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.#length + bytes));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
    this.#view = viewOf(larger);
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Buffer): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** Four decimal digits as a number; those before `start` and from `end` on count as zeros. */
function fourDigits(bytes: Uint8Array, from: number, start: number, end: number): number {
  let value = 0;
  for (let i = from; i < from + 4; i++) {
    value = value * 10 + (i < start || i >= end ? 0 : (bytes[i] ?? CHARACTER_0) - CHARACTER_0);
  }
  return value;
}

/** The text as bytes, which are good until the next call. */
function latin1(text: string): Uint8Array {
  if (text.length > scratch.length) throw new RangeError(`too long: ${JSON.stringify(text.slice(0, 80))}`);
  scratch.write(text, 'latin1');
  return scratch;
}

function text(bytes: Uint8Array, at: number, end: number): string {
  return Buffer.from(bytes.subarray(at, Math.min(end, at + 80))).toString('latin1');
}

/** Signature, flags and the length of the header extension: none. */
const HEADER = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)]);

/** Longer than any decimal or hash. */
const scratch = Buffer.alloc(1_024);
const POINT = 0x2e;
const CHARACTER_0 = 0x30;
const NO_HEX = 256;
const HEX_VALUES = Array.from({ length: 256 }, (_, byte) => {
  const value = Number.parseInt(String.fromCharCode(byte), 16);
  return Number.isNaN(value) ? NO_HEX : value;
});
const SIGN_POSITIVE = 0;
const SIGN_NEGATIVE = 0x4000;
const JSONB_VERSION = 1;

const EPOCH_2000_US = Date.UTC(2000, 0, 1) * 1_000;
