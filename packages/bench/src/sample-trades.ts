import { createHash } from 'node:crypto';
import { OrdinalCounter, type Trade, tradeContentHash, tradeId } from '@polytape/types';

/** Distinct trades of 500 tokens. `from` is the number of the first, so that two calls make different ones. */
export function sampleTrades(from: number, count: number): Trade[] {
  const ordinals = new OrdinalCounter({ windowMs: 1_000, contentsMax: 1_000_000 });
  return Array.from({ length: count }, (_, i) => sampleTrade(from + i, ordinals));
}

function sampleTrade(n: number, ordinals: OrdinalCounter): Trade {
  const content = {
    tokenId: TOKEN_IDS[n % 500] ?? '',
    timestamp: String(1_784_578_733_812 + n),
    price: `0.${(n % 999) + 1}`,
    size: `${n % 10_000}.5`,
    side: n % 2 === 0 ? ('BUY' as const) : ('SELL' as const),
    transactionHash: `0x${hex(`transaction ${n}`)}`,
  };
  const contentHash = tradeContentHash(content);
  const { timestamp, tokenId, side, price, size, transactionHash } = content;
  return {
    tradeId: tradeId(contentHash, ordinals.next(contentHash, 0)),
    conditionId: CONDITION_IDS[n % 250] ?? '',
    ...{ tokenId, side, price, size },
    feeRateBps: '0',
    transactionHash,
    exchangeAtMs: Number(timestamp),
    receivedAtUs: Number(timestamp) * 1_000,
    source: 'websocket',
  };
}

/** Ids and hashes that are as hard to compress as the venue's. */
function hex(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

const TOKEN_IDS = Array.from({ length: 500 }, (_, n) => BigInt(`0x${hex(`token ${n}`)}`).toString());
const CONDITION_IDS = Array.from({ length: 250 }, (_, n) => `0x${hex(`condition ${n}`)}`);
