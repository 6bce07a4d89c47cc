import { OrdinalCounter, type Trade, tradeContentHash, tradeId } from '@polytape/types';

/** Distinct trades of 500 tokens. `from` is the number of the first, so that two calls make different ones. */
export function sampleTrades(from: number, count: number): Trade[] {
  const ordinals = new OrdinalCounter({ windowMs: 1_000, contentsMax: 1_000_000 });
  return Array.from({ length: count }, (_, i) => sampleTrade(from + i, ordinals));
}

function sampleTrade(n: number, ordinals: OrdinalCounter): Trade {
  const content = {
    tokenId: `${n % 500}`.padStart(77, '7'),
    timestamp: String(1_784_578_733_812 + n),
    price: `0.${(n % 999) + 1}`,
    size: `${n % 10_000}.5`,
    side: n % 2 === 0 ? ('BUY' as const) : ('SELL' as const),
    transactionHash: `0x${n.toString(16).padStart(64, '0')}`,
  };
  const contentHash = tradeContentHash(content);
  const { timestamp, tokenId, side, price, size, transactionHash } = content;
  return {
    tradeId: tradeId(contentHash, ordinals.next(contentHash, 0)),
    conditionId: `0x${(n % 250).toString(16).padStart(64, '0')}`,
    ...{ tokenId, side, price, size },
    feeRateBps: '0',
    transactionHash,
    exchangeAtMs: Number(timestamp),
    receivedAtUs: Number(timestamp) * 1_000,
    source: 'websocket',
  };
}
