import { type Log, rest } from '@polytape/resilience';
import { errorSentence } from '@polytape/service';
import type { Database, RetainedTable } from '@polytape/tapedb';

/**
 * Drops rows that are older than `days`, at once and then every hour, until `signal` aborts. A failing round is logged and
 * repeated after an hour; it never holds up the projection.
 */
export async function retentionRounds(
  o: { database: Database; table: RetainedTable; days: number; log: Log },
  signal: AbortSignal,
): Promise<void> {
  const { database, table, days, log } = o;
  while (!signal.aborted) {
    try {
      const { dropped, unit, isPrepared } = await database.retain(table, { days, nowMs: Date.now(), signal });
      if (isPrepared) {
        log.info(
          { table, days },
          `Candles of ${table} older than ${days} days are no longer refreshed. Their ${table} will be dropped in an hour.`,
        );
      }
      if (dropped > 0)
        log.info({ table, days, dropped, unit }, `Dropped ${dropped} ${unit} of ${table} older than ${days} days.`);
    } catch (error) {
      if (signal.aborted) return;
      log.warn(
        { table, days },
        `Could not drop rows of ${table} older than ${days} days: ${errorSentence(error)}. Retrying in an hour.`,
      );
    }
    await rest(ROUND_MS, signal);
  }
}

const ROUND_MS = 60 * 60 * 1_000;
