/** A non-negative decimal in plain notation, as the venue writes prices and sizes: `0.48`, `.48`, `216.216215`. */
export function isDecimal(value: unknown): value is string {
  return typeof value === 'string' && value.length <= DECIMAL_LENGTH_MAX && /^(\d+(\.\d*)?|\.\d+)$/.test(value);
}

/**
 * One spelling for one number: `.48`, `0.480` and `00.48` all become `0.48`; `5.` and `5.0` become `5`.
 * Two feeds that spell the same trade differently must give it the same identity.
 *
 * @throws {RangeError} `text` is not a decimal.
 */
export function canonicalDecimal(text: string): string {
  if (!isDecimal(text)) throw new RangeError(`not a decimal: ${JSON.stringify(String(text).slice(0, 80))}`);
  const point = text.indexOf('.');
  const integer = (point < 0 ? text : text.slice(0, point)).replace(/^0+(?=\d)/, '') || '0';
  const fraction = point < 0 ? '' : text.slice(point + 1).replace(/0+$/, '');
  return fraction === '' ? integer : `${integer}.${fraction}`;
}

/** Far above any price or size; below what would let one field fill a message. */
const DECIMAL_LENGTH_MAX = 64;
