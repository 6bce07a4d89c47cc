-- Candles by token_key are kept up to date in the background, what is newer than the last refresh is computed when it is
-- read; the views on top give them the token's id. A refresh covers all of the past (start_offset NULL) but computes
-- only what has changed there: trades may arrive late.

CREATE MATERIALIZED VIEW candles_1m_by_key
WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT
  time_bucket(INTERVAL '1 minute', trades.ts) AS ts,
  token_key,
  (array_agg(price ORDER BY trades.ts, content, ordinal) FILTER (WHERE source = 'w'))[1] AS open,
  max(price) FILTER (WHERE source = 'w') AS high,
  min(price) FILTER (WHERE source = 'w') AS low,
  (array_agg(price ORDER BY trades.ts DESC, content DESC, ordinal DESC) FILTER (WHERE source = 'w'))[1] AS close,
  sum(size) AS volume,
  sum(price * size) AS notional,
  count(*) AS trades
FROM trades
GROUP BY time_bucket(INTERVAL '1 minute', trades.ts), token_key
WITH NO DATA;
SELECT add_continuous_aggregate_policy('candles_1m_by_key', start_offset => NULL, end_offset => INTERVAL '2 minutes', schedule_interval => INTERVAL '1 minute');
CREATE VIEW candles_1m AS
SELECT ts, token_id, condition_id, open, high, low, close, volume, notional, trades
FROM candles_1m_by_key
JOIN tokens USING (token_key);

CREATE MATERIALIZED VIEW candles_1h_by_key
WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT
  time_bucket(INTERVAL '1 hour', trades.ts) AS ts,
  token_key,
  (array_agg(price ORDER BY trades.ts, content, ordinal) FILTER (WHERE source = 'w'))[1] AS open,
  max(price) FILTER (WHERE source = 'w') AS high,
  min(price) FILTER (WHERE source = 'w') AS low,
  (array_agg(price ORDER BY trades.ts DESC, content DESC, ordinal DESC) FILTER (WHERE source = 'w'))[1] AS close,
  sum(size) AS volume,
  sum(price * size) AS notional,
  count(*) AS trades
FROM trades
GROUP BY time_bucket(INTERVAL '1 hour', trades.ts), token_key
WITH NO DATA;
SELECT add_continuous_aggregate_policy('candles_1h_by_key', start_offset => NULL, end_offset => INTERVAL '1 hour', schedule_interval => INTERVAL '10 minutes');
CREATE VIEW candles_1h AS
SELECT ts, token_id, condition_id, open, high, low, close, volume, notional, trades
FROM candles_1h_by_key
JOIN tokens USING (token_key);

CREATE MATERIALIZED VIEW candles_1d_by_key
WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT
  time_bucket(INTERVAL '1 day', trades.ts) AS ts,
  token_key,
  (array_agg(price ORDER BY trades.ts, content, ordinal) FILTER (WHERE source = 'w'))[1] AS open,
  max(price) FILTER (WHERE source = 'w') AS high,
  min(price) FILTER (WHERE source = 'w') AS low,
  (array_agg(price ORDER BY trades.ts DESC, content DESC, ordinal DESC) FILTER (WHERE source = 'w'))[1] AS close,
  sum(size) AS volume,
  sum(price * size) AS notional,
  count(*) AS trades
FROM trades
GROUP BY time_bucket(INTERVAL '1 day', trades.ts), token_key
WITH NO DATA;
SELECT add_continuous_aggregate_policy('candles_1d_by_key', start_offset => NULL, end_offset => INTERVAL '1 day', schedule_interval => INTERVAL '1 hour');
CREATE VIEW candles_1d AS
SELECT ts, token_id, condition_id, open, high, low, close, volume, notional, trades
FROM candles_1d_by_key
JOIN tokens USING (token_key);
