import { canonicalDecimal } from '@polytape/types';

/** A trade by all that the venue said of it: two fills that agree in all of this look the same. */
export type ComparableTrade = {
  tokenId: string;
  timestampMs: number;
  price: string;
  size: string;
  side: string;
  transactionHash: string | null;
};

/** How the database compares with the truth; all four are counts of trades. */
export type TruthComparison = { executed: number; recorded: number; missing: number; duplicates: number };

/** Counts look-alikes on both sides: what the truth has more often is missing, what the database has more often is doubled. */
export class TruthComparer {
  readonly #balance = new Map<string, number>();
  #executed = 0;
  #recorded = 0;

  executed(trade: ComparableTrade): void {
    this.#executed += 1;
    this.#add(trade, 1);
  }

  recorded(trade: ComparableTrade): void {
    this.#recorded += 1;
    this.#add(trade, -1);
  }

  result(): TruthComparison {
    let missing = 0;
    let duplicates = 0;
    for (const balance of this.#balance.values()) {
      missing += Math.max(0, balance);
      duplicates += Math.max(0, -balance);
    }
    return { executed: this.#executed, recorded: this.#recorded, missing, duplicates };
  }

  #add(trade: ComparableTrade, count: number): void {
    const { tokenId, timestampMs, side, transactionHash } = trade;
    const key = [
      tokenId,
      timestampMs,
      canonicalDecimal(trade.price),
      canonicalDecimal(trade.size),
      side,
      transactionHash,
    ].join(' ');
    const balance = (this.#balance.get(key) ?? 0) + count;
    if (balance === 0) this.#balance.delete(key);
    else this.#balance.set(key, balance);
  }
}
