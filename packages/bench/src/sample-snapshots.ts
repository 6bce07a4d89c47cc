import type { BookLevel, BookSnapshot, PriceSnapshot } from '@polytape/types';

/** Prices of the first `tokens` tokens in this interval; each differs a little from the previous one. */
export function samplePrices(interval: number, tokens: number): PriceSnapshot[] {
  return Array.from({ length: tokens }, (_, n) => ({
    ...samplePlace(interval, n),
    ...sampleQuote(interval + n),
    volume24h: `${n}.25`,
  }));
}

/** Books of the first `tokens` tokens, with 27 levels each, the median at the venue. */
export function sampleBooks(interval: number, tokens: number): BookSnapshot[] {
  return Array.from({ length: tokens }, (_, n) => ({
    ...samplePlace(interval, n),
    ...sampleQuote(interval + n),
    exchangeAtMs: EPOCH_MS + interval * INTERVAL_MS - n,
    bids: sampleLevels(13, (level) => 450 - level, interval + n),
    asks: sampleLevels(14, (level) => 460 + level, interval + n),
    spread: '0.01',
    tickSize: '0.001',
    hash: (interval * 65_536 + n).toString(16).padStart(40, '0'),
    hashMatches: true,
  }));
}

function samplePlace(interval: number, n: number) {
  const intervalStartMs = EPOCH_MS + interval * INTERVAL_MS;
  const conditionId = `0x${(n >> 1).toString(16).padStart(64, '0')}`;
  return {
    conditionId,
    tokenId: `${100_000 + n}`.padStart(77, '7'),
    intervalStartMs,
    seenAtMs: intervalStartMs + 1_204,
  };
}

function sampleQuote(n: number) {
  const bid = 100 + (n % 700);
  return { lastPrice: `0.${bid}`, bestBid: `0.${bid}`, bestAsk: `0.${bid + 10}`, midpoint: `0.${bid + 5}` };
}

function sampleLevels(count: number, price: (level: number) => number, n: number): BookLevel[] {
  return Array.from({ length: count }, (_, level) => [`0.${price(level)}`, `${(n * 31 + level * 7_919) % 10_000}.5`]);
}

const EPOCH_MS = Date.UTC(2026, 10, 20);
const INTERVAL_MS = 60_000;
