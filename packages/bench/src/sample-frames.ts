/** Frames shaped like the venue's, about nine price changes for each trade. */
export function sampleFrames(count: number): string[] {
  return Array.from({ length: count }, (_, i) => (i % 10 === 0 ? tradeFrame(i) : priceChangeFrame(i)));
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
const TOKENS = ['1'.repeat(77), '3'.repeat(77)];
