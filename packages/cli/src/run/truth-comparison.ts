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

/** How the database compares with the truth, in trades. `unheard`: those of the missing that no connection was sent. */
export type TruthComparison = {
  executed: number;
  recorded: number;
  missing: number;
  duplicates: number;
  unheard: number;
};

/** Counts look-alikes on both sides: what the truth has more often is missing, what the database has more often is doubled. */
export class TruthComparer {
  readonly #balance = new Map<string, number>();
  readonly #unheard = new Map<string, number>();
  #executed = 0;
  #recorded = 0;

  /** @param o.sockets To how many connections the venue sent it. */
  executed(trade: ComparableTrade, o: { sockets: number }): void {
    this.#executed += 1;
    const key = contentOf(trade);
    this.#add(key, 1);
    if (o.sockets === 0) this.#unheard.set(key, (this.#unheard.get(key) ?? 0) + 1);
  }

  recorded(trade: ComparableTrade): void {
    this.#recorded += 1;
    this.#add(contentOf(trade), -1);
  }

  result(): TruthComparison {
    let missing = 0;
    let duplicates = 0;
    let unheard = 0;
    for (const [key, balance] of this.#balance) {
      missing += Math.max(0, balance);
      duplicates += Math.max(0, -balance);
      unheard += Math.max(0, Math.min(balance, this.#unheard.get(key) ?? 0));
    }
    return { executed: this.#executed, recorded: this.#recorded, missing, duplicates, unheard };
  }

  #add(key: string, count: number): void {
    const balance = (this.#balance.get(key) ?? 0) + count;
    if (balance === 0) this.#balance.delete(key);
    else this.#balance.set(key, balance);
  }
}

function contentOf({ tokenId, timestampMs, price, size, side, transactionHash }: ComparableTrade): string {
  return [tokenId, timestampMs, canonicalDecimal(price), canonicalDecimal(size), side, transactionHash].join(' ');
}
