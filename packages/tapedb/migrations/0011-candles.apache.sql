-- Without continuous aggregates candles are computed when they are read, by time_bucket for the reason told at 0004. They get
-- their volume-weighted average price, and prices their candles.

DROP VIEW candles_1m;
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
  trim_scale(round(sum(price * size) / nullif(sum(size), 0), 6)) AS vwap,
  count(*) AS trades
FROM trades
JOIN tokens USING (token_key)
GROUP BY time_bucket(INTERVAL '1 minute', trades.ts), tokens.token_key;

DROP VIEW candles_1h;
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
  trim_scale(round(sum(price * size) / nullif(sum(size), 0), 6)) AS vwap,
  count(*) AS trades
FROM trades
JOIN tokens USING (token_key)
GROUP BY time_bucket(INTERVAL '1 hour', trades.ts), tokens.token_key;

DROP VIEW candles_1d;
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
  trim_scale(round(sum(price * size) / nullif(sum(size), 0), 6)) AS vwap,
  count(*) AS trades
FROM trades
JOIN tokens USING (token_key)
GROUP BY time_bucket(INTERVAL '1 day', trades.ts), tokens.token_key;

CREATE VIEW price_candles_1m AS
SELECT
  time_bucket(INTERVAL '1 minute', price_snapshots.ts) AS ts,
  tokens.token_id,
  tokens.condition_id,
  first(midpoint, price_snapshots.ts) FILTER (WHERE midpoint IS NOT NULL) AS open,
  max(midpoint) AS high,
  min(midpoint) AS low,
  last(midpoint, price_snapshots.ts) FILTER (WHERE midpoint IS NOT NULL) AS close,
  last(last_price, price_snapshots.ts) FILTER (WHERE last_price IS NOT NULL) AS last_price,
  trim_scale(round(avg(best_ask - best_bid), 6)) AS spread,
  count(*) AS snapshots
FROM price_snapshots
JOIN tokens USING (token_key)
GROUP BY time_bucket(INTERVAL '1 minute', price_snapshots.ts), tokens.token_key;

CREATE VIEW price_candles_1h AS
SELECT
  time_bucket(INTERVAL '1 hour', price_snapshots.ts) AS ts,
  tokens.token_id,
  tokens.condition_id,
  first(midpoint, price_snapshots.ts) FILTER (WHERE midpoint IS NOT NULL) AS open,
  max(midpoint) AS high,
  min(midpoint) AS low,
  last(midpoint, price_snapshots.ts) FILTER (WHERE midpoint IS NOT NULL) AS close,
  last(last_price, price_snapshots.ts) FILTER (WHERE last_price IS NOT NULL) AS last_price,
  trim_scale(round(avg(best_ask - best_bid), 6)) AS spread,
  count(*) AS snapshots
FROM price_snapshots
JOIN tokens USING (token_key)
GROUP BY time_bucket(INTERVAL '1 hour', price_snapshots.ts), tokens.token_key;

CREATE VIEW price_candles_1d AS
SELECT
  time_bucket(INTERVAL '1 day', price_snapshots.ts) AS ts,
  tokens.token_id,
  tokens.condition_id,
  first(midpoint, price_snapshots.ts) FILTER (WHERE midpoint IS NOT NULL) AS open,
  max(midpoint) AS high,
  min(midpoint) AS low,
  last(midpoint, price_snapshots.ts) FILTER (WHERE midpoint IS NOT NULL) AS close,
  last(last_price, price_snapshots.ts) FILTER (WHERE last_price IS NOT NULL) AS last_price,
  trim_scale(round(avg(best_ask - best_bid), 6)) AS spread,
  count(*) AS snapshots
FROM price_snapshots
JOIN tokens USING (token_key)
GROUP BY time_bucket(INTERVAL '1 day', price_snapshots.ts), tokens.token_key;
