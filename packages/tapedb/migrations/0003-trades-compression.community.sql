-- Ordered by token and not segmented by it: most tokens trade a few times a day, and a segment for each would hold a
-- handful of rows where a batch holds a thousand. The order still lets a query for one token skip the other batches.
ALTER TABLE trades SET (timescaledb.compress, timescaledb.compress_orderby = 'token_key, ts, content, ordinal');
-- Backfills and late rows reach back days, not weeks: what is older is compressed.
SELECT add_compression_policy('trades', INTERVAL '7 days');
