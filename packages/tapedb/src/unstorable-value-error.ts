/** A field of a message holds what its column cannot. Becomes a BatchRejectedError at the edge of the package. */
export class UnstorableValueError extends RangeError {
  override readonly name = 'UnstorableValueError';

  constructor(field: string, value: unknown) {
    super(`${field} cannot be stored: ${shown(value)}`);
  }
}

/** Of an object only that it is one: to make a text of it may itself fail, by its depth or by a `toString` of its own. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = typeof value === 'string' ? JSON.stringify(value.slice(0, SHOWN_LENGTH_MAX)) : String(value);
  return text.slice(0, SHOWN_LENGTH_MAX);
}

const SHOWN_LENGTH_MAX = 120;
