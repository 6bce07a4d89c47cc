/**
 * The canonical spelling of a condition id. In the venue's second position system it has 31 bytes, but some payloads pad it
 * to 32 with a trailing `00`, and two spellings would split one market into two subjects. There a position id is the
 * condition id plus one byte for the outcome, so the token id distinguishes padding from a first-system id that ends in `00`.
 */
export function canonicalConditionId(conditionId: string, tokenId: string): string {
  if (conditionId.length !== PADDED_LENGTH || !conditionId.endsWith('00')) return conditionId;
  const position = BigInt(tokenId).toString(16).padStart(64, '0');
  const unpadded = conditionId.slice(0, -2);
  return position.slice(0, 62) === unpadded.slice(2) ? unpadded : conditionId;
}

const PADDED_LENGTH = 66;
