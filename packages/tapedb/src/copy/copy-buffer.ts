/**
 * Rows in the format of `COPY … (FORMAT binary)`: the server parses no text, and decimals stay exact. Fields are written
 * in the order of the columns. Methods throw a RangeError for a value that the column cannot hold.
 *
 * Source: PostgreSQL documentation, COPY, "Binary Format"; the types' send and receive functions.
 */
export class CopyBuffer {
  #buffer: Buffer;
  #length: number;

  constructor(options: { bytesExpected: number }) {
    this.#buffer = Buffer.allocUnsafe(Math.max(options.bytesExpected, 1_024));
    this.#length = HEADER.copy(this.#buffer);
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

  /** A bigint given as a safe integer. */
  int64(value: number): void {
    if (!Number.isSafeInteger(value)) throw new RangeError(`not a whole number: ${value}`);
    this.#reserve(12);
    this.#int32(8);
    this.#int32(Math.floor(value / 2 ** 32));
    this.#length = this.#buffer.writeUInt32BE(value >>> 0, this.#length);
  }

  /** A bigint given as the 16 hex digits of its bits. */
  int64Hex(digits: string): void {
    this.#reserve(12);
    this.#int32(8);
    this.#length = this.#buffer.writeUInt32BE(Number.parseInt(digits.slice(0, 8), 16), this.#length);
    this.#length = this.#buffer.writeUInt32BE(Number.parseInt(digits.slice(8, 16), 16), this.#length);
  }

  /** A `"char"`: one byte. */
  char(value: string): void {
    this.#reserve(5);
    this.#int32(1);
    this.#length = this.#buffer.writeUInt8(value.charCodeAt(0), this.#length);
  }

  /** A timestamptz given in microseconds since 1970; the server counts from 2000. */
  timestamp(microseconds: number): void {
    this.int64(microseconds - EPOCH_2000_US);
  }

  /** A bytea given as hex digits. */
  hex(digits: string): void {
    const bytes = digits.length / 2;
    this.#reserve(4 + bytes);
    this.#int32(bytes);
    const written = this.#buffer.write(digits, this.#length, bytes, 'hex');
    if (written !== bytes) throw new RangeError(`not hex digits: ${JSON.stringify(digits.slice(0, 80))}`);
    this.#length += bytes;
  }

  /** A boolean: one byte. */
  boolean(value: boolean): void {
    this.#reserve(5);
    this.#int32(1);
    this.#length = this.#buffer.writeUInt8(value ? 1 : 0, this.#length);
  }

  /** A jsonb given as JSON text, which the server parses. */
  jsonb(json: string): void {
    const bytes = Buffer.byteLength(json);
    this.#reserve(5 + bytes);
    this.#int32(1 + bytes);
    this.#length = this.#buffer.writeUInt8(JSONB_VERSION, this.#length);
    this.#length += this.#buffer.write(json, this.#length);
  }

  /** As `numeric`, or null. */
  numericOrNull(text: string | null): void {
    if (text === null) this.null();
    else this.numeric(text);
  }

  /**
   * A numeric given as plain decimal text (see `isDecimal`), with an optional minus: exact, with all decimals as written.
   * It travels as digits of base 10,000 on both sides of the point; the server drops zeros at the ends.
   */
  numeric(decimal: string): void {
    const isNegative = decimal.startsWith('-');
    const text = isNegative ? decimal.slice(1) : decimal;
    const point = text.indexOf('.');
    const integerLength = point < 0 ? text.length : point;
    const scale = point < 0 ? 0 : text.length - point - 1;
    const before = Math.ceil(integerLength / 4);
    const behind = Math.ceil(scale / 4);

    this.#reserve(12 + 2 * (before + behind));
    this.#int32(8 + 2 * (before + behind));
    this.#int16(before + behind);
    this.#int16(before - 1); // weight: the power of 10,000 of the first digit
    this.#int16(isNegative ? SIGN_NEGATIVE : SIGN_POSITIVE);
    this.#int16(scale);
    for (let place = -before; place < behind; place++) this.#int16(digitOfNumeric(text, integerLength, place));
  }

  /** The rows, ready to be sent. No rows may be added afterwards. */
  finish(): Buffer {
    this.#reserve(2);
    this.#int16(-1);
    return this.#buffer.subarray(0, this.#length);
  }

  #int16(value: number): void {
    this.#length = this.#buffer.writeInt16BE(value, this.#length);
  }

  #int32(value: number): void {
    this.#length = this.#buffer.writeInt32BE(value, this.#length);
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}

/** The digit of base 10,000 at a place: 0 is the first after the point, -1 the last before it. */
function digitOfNumeric(text: string, integerLength: number, place: number): number {
  let value = 0;
  for (let decimal = place * 4; decimal < place * 4 + 4; decimal++) {
    // Positions beyond either end of the text yield NaN, which becomes 0.
    const at = decimal < 0 ? integerLength + decimal : integerLength + 1 + decimal;
    value = value * 10 + (text.charCodeAt(at) - CHARACTER_0 || 0);
  }
  return value;
}

/** Signature, flags and the length of the header extension: none. */
const HEADER = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)]);

const CHARACTER_0 = 48;
const SIGN_POSITIVE = 0;
const SIGN_NEGATIVE = 0x4000;
const JSONB_VERSION = 1;

const EPOCH_2000_US = Date.UTC(2000, 0, 1) * 1_000;
