-- A chunk a day: a day's index stays in memory while it is written, and old days can be compressed or dropped whole.
SELECT create_hypertable('trades', 'ts', chunk_time_interval => INTERVAL '1 day', create_default_indexes => false);
