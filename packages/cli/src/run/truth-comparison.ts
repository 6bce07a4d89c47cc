import { canonicalDecimal } from '@polytape/types';

/** The fields of a trade as the venue sent them. Two fills that agree in all of them are indistinguishable. */
export type ComparableTrade = {
  tokenId: string;
  timestampMs: number;
  price: string;
  size: string;
  side: string;
  transactionHash: string | null;
};

/** Counts of trades. `unheard`: the missing ones that the venue sent to no connection. */
export type TruthComparison = {
  executed: number;
  recorded: number;
  missing: number;
  duplicates: number;
  unheard: number;
};

/** Compares two multisets of trades: what the ledger has more often is missing, what the database has more often is a duplicate. */
export class TruthComparer {
  readonly #balance = new Map<string, number>();
  readonly #unheard = new Map<string, number>();
  #executed = 0;
  #recorded = 0;

  /** @param o.sockets Number of connections that the venue sent it to. */
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
