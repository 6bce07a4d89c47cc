/** The venue's tick sizes, in its own spelling. */
export type TickSize = '0.1' | '0.01' | '0.005' | '0.0025' | '0.001' | '0.0001';

/** All prices of one tick size. Books store a price as the index of its tick and need no decimals. */
export type PriceGrid = {
  tickSize: TickSize;
  /** Ticks in one unit of collateral: price p is tick p * ticks, and its mirror 1 - p is tick ticks - p * ticks. */
  ticks: number;
  /** Price text by tick, from `0` to `1`, without trailing zeros. */
  prices: readonly string[];
};

export function priceGrid(tickSize: TickSize): PriceGrid {
  return GRIDS[tickSize];
}

/** The tick of a price, or null if the text is not a price on this grid. */
export function tickOfPrice(grid: PriceGrid, price: string): number | null {
  const value = Number(price) * grid.ticks;
  const tick = Math.round(value);
  // The tolerance covers binary rounding, far below a tick.
  return Math.abs(value - tick) < 1e-6 && tick >= 0 && tick <= grid.ticks ? tick : null;
}

function buildGrid(tickSize: TickSize): PriceGrid {
  const step = Math.round(Number(tickSize) * 10_000);
  const ticks = 10_000 / step;
  return { tickSize, ticks, prices: Array.from({ length: ticks + 1 }, (_, tick) => priceText(tick * step)) };
}

function priceText(tenThousandths: number): string {
  const fraction = String(tenThousandths % 10_000)
    .padStart(4, '0')
    .replace(/0+$/, '');
  const integer = Math.floor(tenThousandths / 10_000);
  return fraction === '' ? String(integer) : `${integer}.${fraction}`;
}

const GRIDS: Record<TickSize, PriceGrid> = {
  '0.1': buildGrid('0.1'),
  '0.01': buildGrid('0.01'),
  '0.005': buildGrid('0.005'),
  '0.0025': buildGrid('0.0025'),
  '0.001': buildGrid('0.001'),
  '0.0001': buildGrid('0.0001'),
};
