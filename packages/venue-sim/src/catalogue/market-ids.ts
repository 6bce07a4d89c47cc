import type { Prng } from '../exchange/prng.ts';

/** Ids of one market in one of the venue's two position systems. */
export type MarketIds = { conditionId: string; tokenIds: [string, string] };

/** Conditional tokens: a 32-byte condition and two unrelated uint256 token ids, mostly of 77 digits. */
export function conditionalTokenIds(prng: Prng): MarketIds {
  return { conditionId: `0x${prng.hex(64)}`, tokenIds: [decimalOfHex(prng.hex(64)), decimalOfHex(prng.hex(64))] };
}

/**
 * Position manager: a 31-byte condition that begins with the module (1 binary, 2 neg-risk); a position id is the
 * condition followed by the outcome's index, so that both differ by one.
 */
export function positionIds(prng: Prng, negRisk: boolean): MarketIds {
  const condition = `${negRisk ? '02' : '01'}${prng.hex(60)}`;
  return {
    conditionId: `0x${condition}`,
    tokenIds: [decimalOfHex(`${condition}00`), decimalOfHex(`${condition}01`)],
  };
}

function decimalOfHex(digits: string): string {
  return BigInt(`0x${digits}`).toString();
}
