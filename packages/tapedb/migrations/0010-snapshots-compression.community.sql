-- Ordered by token and not segmented by it, for the reason told at trades: most tokens change a few times a day, and a
-- segment for each makes a quiet day 2.6 times as large (measured, docs/adr/0011). What one snapshot of a token says is
-- mostly what the one before said, so this order is also the one that compresses.
ALTER TABLE price_snapshots SET (
  timescaledb.compress,
  timescaledb.compress_segmentby = '',
  timescaledb.compress_orderby = 'token_key, ts'
);
ALTER TABLE book_snapshots SET (
  timescaledb.compress,
  timescaledb.compress_segmentby = '',
  timescaledb.compress_orderby = 'token_key, ts'
);
ALTER TABLE market_versions SET (
  timescaledb.compress,
  timescaledb.compress_segmentby = '',
  timescaledb.compress_orderby = 'condition_id, version, seen_at'
);
-- Sooner than trades: they are many, nothing fetches them afterwards, and the log keeps them for some days only.
SELECT add_compression_policy('price_snapshots', INTERVAL '2 days');
SELECT add_compression_policy('book_snapshots', INTERVAL '2 days');
SELECT add_compression_policy('market_versions', INTERVAL '14 days');
