import { isDecimal } from '@polytape/types';
import fc from 'fast-check';
import { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import { CopyBuffer } from '../../src/copy/copy-buffer.ts';
import { CopyQuery } from '../../src/copy/copy-query.ts';
import { openEmptyDatabase } from '../open-database.ts';

/** What the server reads back of values that were copied into a column of this type. */
async function roundTrip<T>(type: string, values: T[], write: (rows: CopyBuffer, value: T) => void): Promise<string[]> {
  await using opened = await openEmptyDatabase();
  const client = new Client(opened.url);
  await client.connect();
  try {
    await client.query(`SET timezone = 'UTC'; CREATE TABLE copied (place int4, value ${type})`);
    const rows = new CopyBuffer({ bytesExpected: 0 });
    for (const [place, value] of values.entries()) {
      rows.row(2);
      rows.int32(place);
      write(rows, value);
    }
    await client.query(new CopyQuery('COPY copied FROM STDIN (FORMAT binary)', rows.finish())).stored;
    const read = await client.query<{ value: string }>('SELECT value::text FROM copied ORDER BY place');
    return read.rows.map((row) => row.value);
  } finally {
    await client.end();
  }
}

describe('a value copied in binary comes back', () => {
  test('as the same decimal, with as many places', async () => {
    const digits = fc.string({ unit: fc.constantFrom(...'0000123456789'), maxLength: 30 });
    const decimal = fc
      .tuple(digits, fc.constantFrom('', '.'), digits)
      .map(([integer, point, fraction]) => (point === '' ? integer : `${integer}.${fraction}`))
      .filter(isDecimal);
    const random = fc.sample(decimal, 5_000);
    const known = ['0.001', '216.216215', '21006065', '0', '0.0', '.5', '5.', '1000000000000', '10000', '0.0001'];
    const values = [...known, '0.00010000', '99999999.99999999', '0.999', '1', '00.5', '9'.repeat(64), ...random];

    const read = await roundTrip('numeric', values, (rows, value) => rows.numeric(value));

    expect(read).toEqual(values.map(plainNotation));
  });

  test('as the same decimal below 0', async () => {
    const values = ['-0.015', '-1', '-10000.0001', '0.5'];
    expect(await roundTrip('numeric', values, (rows, value) => rows.numeric(value))).toEqual(values);
  });

  test('as the same JSON', async () => {
    const values = fc.sample(fc.json(), 1_000).map((json) => json.replaceAll('\\u0000', ''));
    const texts = [...values, '[["0.48", "100"]]', '"\u{1F600}é"'];
    const read = await roundTrip('jsonb', texts, (rows, value) => rows.jsonb(value));
    expect(read.map((text) => JSON.parse(text))).toEqual(texts.map((text) => JSON.parse(text)));
  });

  test('as the same boolean', async () => {
    expect(await roundTrip('boolean', [true, false], (rows, value) => rows.boolean(value))).toEqual(['true', 'false']);
  });

  test('as the same microsecond', async () => {
    const values = [0, -1, 1_786_728_432_337_001, 946_684_800_000_000, 4_102_444_799_999_999];
    const read = await roundTrip('timestamptz', values, (rows, value) => rows.timestamp(value));
    expect(read).toEqual([
      '1970-01-01 00:00:00+00',
      '1969-12-31 23:59:59.999999+00',
      '2026-08-14 17:27:12.337001+00',
      '2000-01-01 00:00:00+00',
      '2099-12-31 23:59:59.999999+00',
    ]);
  });

  test('as the same whole number', async () => {
    const values = fc.sample(fc.maxSafeInteger(), 1_000);
    const read = await roundTrip('int8', values, (rows, value) => rows.int64(value));
    expect(read).toEqual(values.map(String));
  });

  test('as the same bits', async () => {
    const values = ['0000000000000000', 'ffffffffffffffff', '8000000000000000', '0123456789abcdef'];
    const read = await roundTrip('int8', values, (rows, value) => rows.hex(value));
    expect(read.map((value) => BigInt.asUintN(64, BigInt(value)).toString(16).padStart(16, '0'))).toEqual(values);
  });

  test('as the same bytes', async () => {
    const values = ['', '00', 'deadbeef', 'AB'.repeat(64)];
    const read = await roundTrip('bytea', values, (rows, value) => rows.hex(value));
    expect(read).toEqual(values.map((value) => `\\x${value.toLowerCase()}`));
  });
});

/** How PostgreSQL writes a decimal: one digit at least before the point, and the places that were given. */
function plainNotation(text: string): string {
  const [integer = '', fraction = ''] = text.split('.');
  const whole = integer.replace(/^0+(?=\d)/, '') || '0';
  return fraction === '' ? whole : `${whole}.${fraction}`;
}
