-- How TimescaleDB stores the large tables. On plain PostgreSQL they stay as they are.

DO $do$
DECLARE
  edition CONSTANT text := (SELECT min(schema_migrations.edition) FROM schema_migrations);
BEGIN
  IF edition = 'postgresql' THEN RETURN; END IF;

  -- A chunk a day: a day's index stays in memory while it is written, and old days can be compressed or dropped whole.
  -- Documents of markets are few, so they get a chunk a week.
  PERFORM create_hypertable('trades', 'ts', chunk_time_interval => INTERVAL '1 day', create_default_indexes => false);
  PERFORM create_hypertable('price_snapshots', 'ts', chunk_time_interval => INTERVAL '1 day', create_default_indexes => false);
  PERFORM create_hypertable('book_snapshots', 'ts', chunk_time_interval => INTERVAL '1 day', create_default_indexes => false);
  PERFORM create_hypertable('market_versions', 'seen_at', chunk_time_interval => INTERVAL '7 days', create_default_indexes => false);

  IF edition = 'timescaledb-apache' THEN RETURN; END IF;

  -- Compressed by token and not segmented by it: most tokens trade or change a few times a day, and a segment for each
  -- would hold a handful of rows where a batch holds a thousand; it makes a quiet day of prices 2.6 times as large
  -- (measured, docs/adr/0011). The order still lets a query for one token skip the other batches, and since a snapshot
  -- mostly repeats the one before it, it compresses best. The empty segmentby is explicit, because TimescaleDB would
  -- choose one.
  ALTER TABLE trades SET (timescaledb.compress, timescaledb.compress_segmentby = '', timescaledb.compress_orderby = 'token_key, ts, content, ordinal');
  ALTER TABLE price_snapshots SET (timescaledb.compress, timescaledb.compress_segmentby = '', timescaledb.compress_orderby = 'token_key, ts');
  ALTER TABLE book_snapshots SET (timescaledb.compress, timescaledb.compress_segmentby = '', timescaledb.compress_orderby = 'token_key, ts');
  ALTER TABLE market_versions SET (timescaledb.compress, timescaledb.compress_segmentby = '', timescaledb.compress_orderby = 'condition_id, version, seen_at');

  -- Late trades arrive within days; older chunks accept late rows too, but slowly. Prices and books are compressed
  -- sooner: they are many, nothing fetches them afterwards, and the log keeps them for a few days only.
  PERFORM add_compression_policy('trades', INTERVAL '7 days');
  PERFORM add_compression_policy('price_snapshots', INTERVAL '2 days');
  PERFORM add_compression_policy('book_snapshots', INTERVAL '2 days');
  PERFORM add_compression_policy('market_versions', INTERVAL '14 days');
END
$do$;
