-- Without continuous aggregates candles are computed when they are read. time_bucket and not date_bin, because
-- TimescaleDB turns a limit on the bucket into a limit on the time, and then reads only those chunks.

CREATE VIEW candles_1m AS
SELECT
  time_bucket(INTERVAL '1 minute', trades.ts) AS ts,
  tokens.token_id,
  tokens.condition_id,
  (array_agg(price ORDER BY trades.ts, content, ordinal) FILTER (WHERE source = 'w'))[1] AS open,
  max(price) FILTER (WHERE source = 'w') AS high,
  min(price) FILTER (WHERE source = 'w') AS low,
  (array_agg(price ORDER BY trades.ts DESC, content DESC, ordinal DESC) FILTER (WHERE source = 'w'))[1] AS close,
  sum(size) AS volume,
  sum(price * size) AS notional,
  count(*) AS trades
FROM trades
JOIN tokens USING (token_key)
GROUP BY time_bucket(INTERVAL '1 minute', trades.ts), tokens.token_key;

CREATE VIEW candles_1h AS
SELECT
  time_bucket(INTERVAL '1 hour', trades.ts) AS ts,
  tokens.token_id,
  tokens.condition_id,
  (array_agg(price ORDER BY trades.ts, content, ordinal) FILTER (WHERE source = 'w'))[1] AS open,
  max(price) FILTER (WHERE source = 'w') AS high,
  min(price) FILTER (WHERE source = 'w') AS low,
  (array_agg(price ORDER BY trades.ts DESC, content DESC, ordinal DESC) FILTER (WHERE source = 'w'))[1] AS close,
  sum(size) AS volume,
  sum(price * size) AS notional,
  count(*) AS trades
FROM trades
JOIN tokens USING (token_key)
GROUP BY time_bucket(INTERVAL '1 hour', trades.ts), tokens.token_key;

CREATE VIEW candles_1d AS
SELECT
  time_bucket(INTERVAL '1 day', trades.ts) AS ts,
  tokens.token_id,
  tokens.condition_id,
  (array_agg(price ORDER BY trades.ts, content, ordinal) FILTER (WHERE source = 'w'))[1] AS open,
  max(price) FILTER (WHERE source = 'w') AS high,
  min(price) FILTER (WHERE source = 'w') AS low,
  (array_agg(price ORDER BY trades.ts DESC, content DESC, ordinal DESC) FILTER (WHERE source = 'w'))[1] AS close,
  sum(size) AS volume,
  sum(price * size) AS notional,
  count(*) AS trades
FROM trades
JOIN tokens USING (token_key)
GROUP BY time_bucket(INTERVAL '1 day', trades.ts), tokens.token_key;
