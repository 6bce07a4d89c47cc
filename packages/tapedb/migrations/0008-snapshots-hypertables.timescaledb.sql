-- A chunk a day, as of trades. Documents are few: a chunk a week.
SELECT create_hypertable('price_snapshots', 'ts', chunk_time_interval => INTERVAL '1 day', create_default_indexes => false);
SELECT create_hypertable('book_snapshots', 'ts', chunk_time_interval => INTERVAL '1 day', create_default_indexes => false);
SELECT create_hypertable('market_versions', 'seen_at', chunk_time_interval => INTERVAL '7 days', create_default_indexes => false);
