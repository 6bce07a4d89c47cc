import { errorSentence, rest } from '@polytape/service';
import type { Database, RetainedTable } from '@polytape/tapedb';
import type { Log } from '@polytape/types';

/**
 * Drops what is older than the setting allows, at once and then every hour, until `signal` aborts. A round that fails is
 * told and costs an hour; it never holds up the projection.
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
          `Candles of ${table} older than ${days} days are left as they are from now on; what they were made of is dropped in an hour.`,
        );
      }
      if (dropped > 0)
        log.info({ table, days, dropped, unit }, `Dropped ${dropped} ${unit} of ${table} older than ${days} days.`);
    } catch (error) {
      if (signal.aborted) return;
      log.warn(
        { table, days },
        `What is older than ${days} days could not be dropped from ${table}, to be tried again in an hour: ${errorSentence(error)}.`,
      );
    }
    await rest(ROUND_MS, signal);
  }
}

const ROUND_MS = 60 * 60 * 1_000;
