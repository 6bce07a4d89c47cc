/** A non-negative decimal in plain notation, as the venue writes prices and sizes: `0.48`, `.48`, `216.216215`. */
export function isDecimal(value: unknown): value is string {
  return typeof value === 'string' && value.length <= DECIMAL_LENGTH_MAX && /^(\d+(\.\d*)?|\.\d+)$/.test(value);
}

/**
 * The one spelling of a number: `.48`, `0.480` and `00.48` all become `0.48`; `5.` and `5.0` become `5`.
 * A trade must have the same identity in two feeds that spell its numbers differently.
 *
 * @throws {RangeError} `text` is not a decimal.
 */
export function canonicalDecimal(text: string): string {
  if (text.length <= DECIMAL_LENGTH_MAX && CANONICAL.test(text)) return text; // as nearly all are
  if (!isDecimal(text)) throw new RangeError(`not a decimal: ${JSON.stringify(String(text).slice(0, 80))}`);
  const point = text.indexOf('.');
  const integer = (point < 0 ? text : text.slice(0, point)).replace(/^0+(?=\d)/, '') || '0';
  const fraction = point < 0 ? '' : text.slice(point + 1).replace(/0+$/, '');
  return fraction === '' ? integer : `${integer}.${fraction}`;
}

/** Compares two decimals: negative if `a` is less, 0 if both are the same number, positive if `a` is greater. */
export function compareDecimals(a: string, b: string): number {
  const [left, right] = aligned(a, b).units;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The exact midpoint as a canonical decimal; null if a side has no orders. @throws {RangeError} One is not a decimal. */
export function midpointOf(bestBid: string | null, bestAsk: string | null): string | null {
  if (bestBid === null || bestAsk === null) return null;
  const { units, scale } = aligned(bestBid, bestAsk);
  // Half a unit is five of the next smaller ones.
  return written((units[0] + units[1]) * 5n, scale + 1);
}

/** The exact spread as a canonical decimal, negative in a crossed book; null if a side has no orders. @throws {RangeError} One is not a decimal. */
export function spreadOf(bestBid: string | null, bestAsk: string | null): string | null {
  if (bestBid === null || bestAsk === null) return null;
  const { units, scale } = aligned(bestBid, bestAsk);
  return written(units[1] - units[0], scale);
}

/** Both as integers in units of 10^-scale. A float would invent digits. */
function aligned(a: string, b: string): { units: [bigint, bigint]; scale: number } {
  const [left, right] = [parts(a), parts(b)];
  const scale = Math.max(left.fraction.length, right.fraction.length);
  const units = ({ integer, fraction }: DecimalParts) => BigInt(integer + fraction.padEnd(scale, '0'));
  return { units: [units(left), units(right)], scale };
}

type DecimalParts = { integer: string; fraction: string };

function parts(text: string): DecimalParts {
  const [integer = '0', fraction = ''] = canonicalDecimal(text).split('.');
  return { integer, fraction };
}

function written(units: bigint, scale: number): string {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0');
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '');
  const integer = digits.slice(0, digits.length - scale);
  return `${units < 0n ? '-' : ''}${integer}${fraction === '' ? '' : `.${fraction}`}`;
}

const CANONICAL = /^(0|[1-9]\d*)(\.\d*[1-9])?$/;
/** Far above any price or size, and too short for one field to fill a message. */
export const DECIMAL_LENGTH_MAX = 64;
