-- Ordered by token and not segmented by it: most tokens trade a few times a day, and a segment for each would hold a
-- handful of rows where a batch holds a thousand. The order still lets a query for one token skip the other batches.
-- The empty segmentby is written out, because TimescaleDB would choose one.
ALTER TABLE trades SET (
  timescaledb.compress,
  timescaledb.compress_segmentby = '',
  timescaledb.compress_orderby = 'token_key, ts, content, ordinal'
);
-- What comes late comes within days; older chunks take late rows too, but slowly.
SELECT add_compression_policy('trades', INTERVAL '7 days');
