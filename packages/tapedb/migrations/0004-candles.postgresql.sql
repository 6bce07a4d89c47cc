-- Without continuous aggregates candles are computed when they are read. Buckets start where TimescaleDB's do.

CREATE VIEW candles_1m AS
SELECT
  date_bin(INTERVAL '1 minute', trades.ts, TIMESTAMPTZ '2000-01-01 00:00:00+00') AS ts,
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
GROUP BY date_bin(INTERVAL '1 minute', trades.ts, TIMESTAMPTZ '2000-01-01 00:00:00+00'), tokens.token_key;

CREATE VIEW candles_1h AS
SELECT
  date_bin(INTERVAL '1 hour', trades.ts, TIMESTAMPTZ '2000-01-01 00:00:00+00') AS ts,
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
GROUP BY date_bin(INTERVAL '1 hour', trades.ts, TIMESTAMPTZ '2000-01-01 00:00:00+00'), tokens.token_key;

CREATE VIEW candles_1d AS
SELECT
  date_bin(INTERVAL '1 day', trades.ts, TIMESTAMPTZ '2000-01-01 00:00:00+00') AS ts,
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
GROUP BY date_bin(INTERVAL '1 day', trades.ts, TIMESTAMPTZ '2000-01-01 00:00:00+00'), tokens.token_key;
