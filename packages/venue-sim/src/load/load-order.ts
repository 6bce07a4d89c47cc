import { priceGrid } from '../catalogue/price-grid.ts';
import { sizeText } from '../catalogue/share-size.ts';
import type { SimToken } from '../catalogue/sim-market.ts';
import { Prng } from '../exchange/prng.ts';
import { takeSize } from '../exchange/take-size.ts';
import type { TruthTrade } from '../exchange/truth-trade.ts';

/** An order of the load. Its number and these values determine all its fills, so that the ledger needs to hold nothing else. */
export type LoadOrder = {
  /** 0, 1, 2, … */
  number: number;
  token: SimToken;
  atMs: number;
  subscribed: boolean;
  sockets: number;
};

/** The random numbers of the order with this number; the first one decides how many fills it has. */
export function orderPrng(seed: string, number: number): Prng {
  return new Prng(seed, 'load', number);
}

/** Takes the first random number of an order. */
export function fillCount(prng: Prng): number {
  const chance = prng.unit();
  return chance < 0.75 ? 1 : chance < 0.92 ? 2 : 3;
}

/** The fills of an order: one transaction, one price or its neighbours, sometimes indistinguishable from each other. */
export function fillsOf({ token, atMs, subscribed, sockets }: LoadOrder, count: number, prng: Prng): TruthTrade[] {
  const { market } = token;
  // The book may change its tick and its price before the ledger is read; these values never change.
  const { prices, ticks } = priceGrid(market.tickSize);
  const tick = Math.min(ticks - 3, Math.max(1, Math.floor(market.flavour * ticks) + prng.integer(-2, 2)));
  const side = prng.chance(0.55) ? 'BUY' : 'SELL';
  const transactionHash = prng.chance(NO_HASH_SHARE) ? null : `0x${prng.hex(64)}`;
  const areIdentical = prng.chance(IDENTICAL_SHARE);
  const fills: TruthTrade[] = [];
  for (let fill = 0; fill < count; fill += 1) {
    fills.push({
      tokenId: token.tokenId,
      conditionId: market.conditionId,
      price: prices[areIdentical ? tick : tick + fill] ?? '',
      size: areIdentical && fill > 0 ? (fills[0]?.size ?? '') : sizeText(takeSize(prng)),
      side,
      timestamp: String(atMs),
      transactionHash,
      feeRateBps: market.feeRateBps,
      subscribed,
      sockets,
    });
  }
  return fills;
}

const NO_HASH_SHARE = 0.005;
/** Of the orders with several fills. */
const IDENTICAL_SHARE = 0.1;
