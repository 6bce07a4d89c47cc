/** Frames shaped like the venue's, about nine price changes for each trade. */
export function sampleFrames(count: number): string[] {
  return Array.from({ length: count }, (_, i) => (i % 10 === 0 ? tradeFrame(i) : priceChangeFrame(i)));
}

/** One trade in `tradesIn` frames, each followed by the book that the venue sends after it; the others are price changes. */
export function mixedFrames(count: number, tradesIn: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    if (i % tradesIn === 0) return tradeFrame(i);
    return i % tradesIn === 1 ? bookFrame(i) : priceChangeFrame(i);
  });
}

/** The book of a token, with twenty levels on each side. */
export function bookFrame(i: number): string {
  const levels = (from: number) =>
    Array.from({ length: 20 }, (_, level) => ({ price: `0.${from + level}`, size: String(100 + level * 7) }));
  return JSON.stringify({
    market: MARKET,
    asset_id: TOKENS[i % 2],
    timestamp: String(1_784_578_702_354 + i),
    hash: i.toString(16).padStart(40, '0'),
    bids: levels(10),
    asks: levels(60),
    event_type: 'book',
  });
}

function tradeFrame(i: number): string {
  return JSON.stringify({
    market: MARKET,
    asset_id: TOKENS[i % 2],
    price: '0.925',
    size: `${100 + (i % 1_000)}.216215`,
    fee_rate_bps: '0',
    side: i % 4 === 0 ? 'BUY' : 'SELL',
    timestamp: String(1_784_578_733_812 + i),
    event_type: 'last_trade_price',
    transaction_hash: `0x${i.toString(16).padStart(64, '0')}`,
  });
}

function priceChangeFrame(i: number): string {
  const change = (token: string | undefined, price: string, side: string) => ({
    asset_id: token,
    price,
    size: String(i % 50_000),
    side,
    hash: i.toString(16).padStart(40, '0'),
    best_bid: '0.924',
    best_ask: '0.925',
  });
  return JSON.stringify({
    market: MARKET,
    price_changes: [change(TOKENS[0], '0.911', 'BUY'), change(TOKENS[1], '0.089', 'SELL')],
    timestamp: String(1_784_578_702_354 + i),
    event_type: 'price_change',
  });
}

const MARKET = `0x${'8bf1'.repeat(16)}`;
export const TOKENS = ['1'.repeat(77), '3'.repeat(77)];
