/**
 * Rows in the format of `COPY … (FORMAT binary)`: the server parses no text, and a decimal stays exact.
 * Fields are written in the order of the columns. Throws RangeError for a value that the column cannot hold.
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

  /** A bigint that is a whole JavaScript number. */
  int64(value: number): void {
    if (!Number.isSafeInteger(value)) throw new RangeError(`not a whole number: ${value}`);
    this.#reserve(12);
    this.#int32(8);
    this.#int32(Math.floor(value / 2 ** 32));
    this.#length = this.#buffer.writeUInt32BE(value >>> 0, this.#length);
  }

  /** A bigint given by the 16 hex digits of its bits. */
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

  /** Hex digits, two a byte, as bytea. */
  hex(digits: string): void {
    const bytes = digits.length / 2;
    this.#reserve(4 + bytes);
    this.#int32(bytes);
    const written = this.#buffer.write(digits, this.#length, bytes, 'hex');
    if (written !== bytes) throw new RangeError(`not hex digits: ${JSON.stringify(digits.slice(0, 80))}`);
    this.#length += bytes;
  }

  /** A numeric given as plain decimal text (see `isDecimal`): exact, with as many decimals as were written. */
  numeric(text: string): void {
    const { digits, weight, scale } = numericParts(text);
    this.#reserve(12 + 2 * digits.length);
    this.#int32(8 + 2 * digits.length);
    this.#int16(digits.length);
    this.#int16(weight);
    this.#int16(0); // sign: positive
    this.#int16(scale);
    for (const digit of digits) this.#int16(digit);
  }

  /** All that was written, ready to be sent. The buffer takes no more rows. */
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

/**
 * A decimal as the server holds it: digits of base 10,000, the power of 10,000 that the first one stands for, and how
 * many decimals to show.
 */
function numericParts(text: string): { digits: number[]; weight: number; scale: number } {
  const point = text.indexOf('.');
  const integer = (point < 0 ? text : text.slice(0, point)).replace(/^0+/, '');
  const fraction = point < 0 ? '' : text.slice(point + 1);
  const groupsBeforePoint = Math.ceil(integer.length / 4);
  const aligned =
    integer.padStart(groupsBeforePoint * 4, '0') + fraction.padEnd(Math.ceil(fraction.length / 4) * 4, '0');

  const digits: number[] = [];
  for (let at = 0; at < aligned.length; at += 4) digits.push(Number(aligned.slice(at, at + 4)));
  while (digits.at(-1) === 0) digits.pop();
  let weight = groupsBeforePoint - 1;
  let leading = 0;
  while (digits[leading] === 0) leading++;
  weight -= leading;
  digits.splice(0, leading);
  return { digits, weight: digits.length === 0 ? 0 : weight, scale: fraction.length };
}

/** Signature, flags and the length of the header extension: none. */
const HEADER = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)]);

const EPOCH_2000_US = Date.UTC(2000, 0, 1) * 1_000;
