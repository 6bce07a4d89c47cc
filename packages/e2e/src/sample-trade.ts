import { type Trade, tradeContentHash, tradeId, tradeMessageId, tradeSubject } from '@polytape/types';

/** A trade as an ingestor would publish it, different for each number. */
export function sampleTrade(number: number): Trade {
  const said = {
    tokenId: '71321045679252212594626385532706912750332728571942532289631379312455583992563',
    price: '0.48',
    size: '12.5',
    side: 'BUY' as const,
    transactionHash: `0x${number.toString(16).padStart(64, '0')}`,
  };
  const exchangeAtMs = EPOCH_MS + number;
  return {
    ...said,
    tradeId: tradeId(tradeContentHash({ ...said, timestamp: String(exchangeAtMs) }), 0),
    conditionId: '0x5eed579ff6763914d78a966c83473ba2485ac8910d0a0914eef6d9fe33085de3',
    feeRateBps: null,
    exchangeAtMs,
    receivedAtUs: exchangeAtMs * 1_000,
    source: 'websocket',
  };
}

/** The message that publishes a trade. */
export function tradeMessage(trade: Trade): { subject: string; messageId: string; body: string } {
  return { subject: tradeSubject(trade), messageId: tradeMessageId(trade), body: JSON.stringify(trade) };
}

const EPOCH_MS = Date.UTC(2026, 0, 1);
