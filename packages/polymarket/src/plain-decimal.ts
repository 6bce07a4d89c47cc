import { canonicalDecimal, isDecimal } from '@polytape/types';

/**
 * A canonical decimal from a JSON number or a text; null for anything else, including negative numbers. For figures that the
 * venue itself writes as numbers: the shortest digits of the number are what it meant.
 */
export function plainDecimal(value: unknown): string | null {
  const written = typeof value === 'number' ? withoutExponent(String(value)) : value;
  return isDecimal(written) ? canonicalDecimal(written) : null;
}

/** JavaScript writes an exponent below 0.000001 and from 1e21. */
function withoutExponent(number: string): string {
  const match = /^(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(number);
  if (match === null) return number;
  const [, first = '', others = '', exponent] = match;
  const digits = first + others;
  const integers = 1 + Number(exponent);
  return integers <= 0 ? `0.${'0'.repeat(-integers)}${digits}` : digits.padEnd(integers, '0');
}
