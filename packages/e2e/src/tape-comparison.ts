import { silentLog } from '@polytape/resilience';
import { Database } from '@polytape/tapedb';
import { canonicalDecimal } from '@polytape/types';
import type { TruthTrade } from '@polytape/venue-sim';

/** The differences between the tape and the truth. */
export type TapeComparison = {
  /** Trades that a recorder could have received: in tokens whose book had been sent before. */
  executed: number;
  recorded: number;
  /** Trades that the tape lacks. */
  missing: TruthTrade[];
  /** Number of rows that were recorded more often than executed. */
  duplicates: number;
};

/**
 * Compares the venue's ledger with the database as multisets: indistinguishable trades must be recorded as often as they were
 * executed.
 */
export async function compareTape(ledger: readonly TruthTrade[], databaseUrl: string): Promise<TapeComparison> {
  const truth = ledger.filter(({ subscribed }) => subscribed);
  const recordedByContent = await recordedTrades(databaseUrl);
  const recorded = [...recordedByContent.values()].reduce((sum, count) => sum + count, 0);
  const missing: TruthTrade[] = [];
  for (const trade of truth) {
    const key = contentOf({ ...trade, timestampMs: Number(trade.timestamp) });
    const left = recordedByContent.get(key) ?? 0;
    if (left === 0) missing.push(trade);
    else recordedByContent.set(key, left - 1);
  }
  const duplicates = [...recordedByContent.values()].reduce((sum, count) => sum + count, 0);
  return { executed: truth.length, recorded, missing, duplicates };
}

async function recordedTrades(url: string): Promise<Map<string, number>> {
  const signal = AbortSignal.timeout(OPEN_MS_MAX);
  await using database = await Database.open({ url, applicationName: 'e2e comparison', log: silentLog, signal });
  const counts = new Map<string, number>();
  for await (const { exchangeAtMs, count, ...trade } of database.recordedTrades()) {
    const key = contentOf({ ...trade, timestampMs: exchangeAtMs });
    counts.set(key, (counts.get(key) ?? 0) + count);
  }
  return counts;
}

function contentOf(trade: {
  tokenId: string;
  conditionId: string | null;
  timestampMs: number;
  price: string;
  size: string;
  side: string;
  transactionHash: string | null;
}): string {
  const { tokenId, conditionId, timestampMs, price, size, side, transactionHash } = trade;
  const numbers = `${canonicalDecimal(price)} ${canonicalDecimal(size)}`;
  return `${conditionId} ${tokenId} ${timestampMs} ${numbers} ${side} ${transactionHash}`;
}

const OPEN_MS_MAX = 30_000;
