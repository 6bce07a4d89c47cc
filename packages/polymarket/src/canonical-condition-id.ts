/**
 * The one spelling of a condition id. In the venue's second position system it has 31 bytes, but some payloads pad it
 * to 32 with a trailing `00`; under two spellings one market would be two subjects. A position id there is the
 * condition id and one byte for the outcome, so the token tells padding from a first-system id that ends in `00`.
 */
export function canonicalConditionId(conditionId: string, tokenId: string): string {
  if (conditionId.length !== PADDED_LENGTH || !conditionId.endsWith('00')) return conditionId;
  const position = BigInt(tokenId).toString(16).padStart(64, '0');
  const unpadded = conditionId.slice(0, -2);
  return position.slice(0, 62) === unpadded.slice(2) ? unpadded : conditionId;
}

const PADDED_LENGTH = 66;
