/** Outcome token: a uint256 as a decimal string of up to 78 digits. A JavaScript number would lose digits. */
export function isTokenId(value: unknown): value is string {
  return typeof value === 'string' && value.length <= TOKEN_ID_LENGTH_MAX && /^[0-9]+$/.test(value);
}

/** Condition: `0x` and 64 (v1) or 62 (v2) hex digits in lower case. Ids become parts of subjects, so nothing else may pass. */
export function isConditionId(value: unknown): value is string {
  return typeof value === 'string' && value.length <= CONDITION_ID_LENGTH_MAX && /^0x[0-9a-f]+$/.test(value);
}

export const TOKEN_ID_LENGTH_MAX = 78;
export const CONDITION_ID_LENGTH_MAX = 66;
