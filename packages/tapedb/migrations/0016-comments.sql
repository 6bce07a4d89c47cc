-- What misled readers: ts of snapshots lies before they were seen, averages of candles are not over time, and a market may
-- be resolved without an outcome.

COMMENT ON COLUMN price_snapshots.ts IS 'Start of the interval that the snapshot stands for, up to a whole interval before it was seen. What was known at a time is what had been seen until then: join by seen_at.';
COMMENT ON COLUMN book_snapshots.ts IS 'Start of the interval that the snapshot stands for, up to a whole interval before it was seen. What was known at a time is what had been seen until then: join by seen_at.';
COMMENT ON COLUMN price_tape.ts IS 'Start of the interval that the snapshot stands for, up to a whole interval before it was seen. What was known at a time is what had been seen until then: join by seen_at.';
COMMENT ON COLUMN book_tape.ts IS 'Start of the interval that the snapshot stands for, up to a whole interval before it was seen. What was known at a time is what had been seen until then: join by seen_at.';

COMMENT ON COLUMN price_candles_1m.ts IS 'Start of the minute. It has the snapshots whose intervals begin in it, and the last of them may have been seen an interval (PRICES_INTERVAL_MS) after its end. For what was known at a time take price_series, or price_tape by seen_at.';
COMMENT ON COLUMN price_candles_1m.spread IS 'Average of best ask less best bid over the snapshots that were stored, not over time: prices that do not change are stored once an hour. spread_history has the average over time. To six places; null when no snapshot had orders on both sides.';
COMMENT ON COLUMN price_candles_1m.snapshots IS 'Number of snapshots that were stored.';
COMMENT ON COLUMN price_candles_1h.ts IS 'Start of the hour. It has the snapshots whose intervals begin in it, and the last of them may have been seen an interval (PRICES_INTERVAL_MS) after its end. For what was known at a time take price_series, or price_tape by seen_at.';
COMMENT ON COLUMN price_candles_1h.spread IS 'Average of best ask less best bid over the snapshots that were stored, not over time: prices that do not change are stored once an hour. spread_history has the average over time. To six places; null when no snapshot had orders on both sides.';
COMMENT ON COLUMN price_candles_1h.snapshots IS 'Number of snapshots that were stored.';
COMMENT ON COLUMN price_candles_1d.ts IS 'Start of the day (UTC). It has the snapshots whose intervals begin in it, and the last of them may have been seen an interval (PRICES_INTERVAL_MS) after its end. For what was known at a time take price_series, or price_tape by seen_at.';
COMMENT ON COLUMN price_candles_1d.spread IS 'Average of best ask less best bid over the snapshots that were stored, not over time: prices that do not change are stored once an hour. spread_history has the average over time. To six places; null when no snapshot had orders on both sides.';
COMMENT ON COLUMN price_candles_1d.snapshots IS 'Number of snapshots that were stored.';

COMMENT ON COLUMN resolutions.outcome IS 'How it paid out: win0 or win1 (all to the first or second outcome), split (half to each), other (other shares), unknown (void: closed for good, 0 to both); null unless resolved.';
COMMENT ON COLUMN market_resolutions.outcome IS 'How it paid out: win0 or win1 (all to the first or second outcome), split (half to each), other (other shares), unknown (void: closed for good, 0 to both); null unless resolved.';
COMMENT ON COLUMN resolution_events.outcome IS 'How it paid out: win0 or win1 (all to the first or second outcome), split (half to each), other (other shares), unknown (void: closed for good, 0 to both); null unless the step is resolution_resolved.';
