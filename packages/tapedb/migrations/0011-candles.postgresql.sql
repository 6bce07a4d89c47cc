-- Candles get their volume-weighted average price, and prices their candles. Buckets start where TimescaleDB's do.

DROP VIEW candles_1m;
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
  trim_scale(round(sum(price * size) / nullif(sum(size), 0), 6)) AS vwap,
  count(*) AS trades
FROM trades
JOIN tokens USING (token_key)
GROUP BY date_bin(INTERVAL '1 minute', trades.ts, TIMESTAMPTZ '2000-01-01 00:00:00+00'), tokens.token_key;

DROP VIEW candles_1h;
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
  trim_scale(round(sum(price * size) / nullif(sum(size), 0), 6)) AS vwap,
  count(*) AS trades
FROM trades
JOIN tokens USING (token_key)
GROUP BY date_bin(INTERVAL '1 hour', trades.ts, TIMESTAMPTZ '2000-01-01 00:00:00+00'), tokens.token_key;

DROP VIEW candles_1d;
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
  trim_scale(round(sum(price * size) / nullif(sum(size), 0), 6)) AS vwap,
  count(*) AS trades
FROM trades
JOIN tokens USING (token_key)
GROUP BY date_bin(INTERVAL '1 day', trades.ts, TIMESTAMPTZ '2000-01-01 00:00:00+00'), tokens.token_key;

CREATE VIEW price_candles_1m AS
SELECT
  date_bin(INTERVAL '1 minute', price_snapshots.ts, TIMESTAMPTZ '2000-01-01 00:00:00+00') AS ts,
  tokens.token_id,
  tokens.condition_id,
  (array_agg(midpoint ORDER BY price_snapshots.ts) FILTER (WHERE midpoint IS NOT NULL))[1] AS open,
  max(midpoint) AS high,
  min(midpoint) AS low,
  (array_agg(midpoint ORDER BY price_snapshots.ts DESC) FILTER (WHERE midpoint IS NOT NULL))[1] AS close,
  (array_agg(last_price ORDER BY price_snapshots.ts DESC) FILTER (WHERE last_price IS NOT NULL))[1] AS last_price,
  trim_scale(round(avg(best_ask - best_bid), 6)) AS spread,
  count(*) AS snapshots
FROM price_snapshots
JOIN tokens USING (token_key)
GROUP BY date_bin(INTERVAL '1 minute', price_snapshots.ts, TIMESTAMPTZ '2000-01-01 00:00:00+00'), tokens.token_key;

CREATE VIEW price_candles_1h AS
SELECT
  date_bin(INTERVAL '1 hour', price_snapshots.ts, TIMESTAMPTZ '2000-01-01 00:00:00+00') AS ts,
  tokens.token_id,
  tokens.condition_id,
  (array_agg(midpoint ORDER BY price_snapshots.ts) FILTER (WHERE midpoint IS NOT NULL))[1] AS open,
  max(midpoint) AS high,
  min(midpoint) AS low,
  (array_agg(midpoint ORDER BY price_snapshots.ts DESC) FILTER (WHERE midpoint IS NOT NULL))[1] AS close,
  (array_agg(last_price ORDER BY price_snapshots.ts DESC) FILTER (WHERE last_price IS NOT NULL))[1] AS last_price,
  trim_scale(round(avg(best_ask - best_bid), 6)) AS spread,
  count(*) AS snapshots
FROM price_snapshots
JOIN tokens USING (token_key)
GROUP BY date_bin(INTERVAL '1 hour', price_snapshots.ts, TIMESTAMPTZ '2000-01-01 00:00:00+00'), tokens.token_key;

CREATE VIEW price_candles_1d AS
SELECT
  date_bin(INTERVAL '1 day', price_snapshots.ts, TIMESTAMPTZ '2000-01-01 00:00:00+00') AS ts,
  tokens.token_id,
  tokens.condition_id,
  (array_agg(midpoint ORDER BY price_snapshots.ts) FILTER (WHERE midpoint IS NOT NULL))[1] AS open,
  max(midpoint) AS high,
  min(midpoint) AS low,
  (array_agg(midpoint ORDER BY price_snapshots.ts DESC) FILTER (WHERE midpoint IS NOT NULL))[1] AS close,
  (array_agg(last_price ORDER BY price_snapshots.ts DESC) FILTER (WHERE last_price IS NOT NULL))[1] AS last_price,
  trim_scale(round(avg(best_ask - best_bid), 6)) AS spread,
  count(*) AS snapshots
FROM price_snapshots
JOIN tokens USING (token_key)
GROUP BY date_bin(INTERVAL '1 day', price_snapshots.ts, TIMESTAMPTZ '2000-01-01 00:00:00+00'), tokens.token_key;
