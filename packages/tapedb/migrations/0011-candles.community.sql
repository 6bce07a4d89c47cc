-- Candles get their volume-weighted average price, and prices their candles.

-- The days and hours are kept up to date in the background. The minutes are computed when they are read: there is about
-- one snapshot a minute, so keeping them would store each of them again.

DROP VIEW candles_1m;
CREATE VIEW candles_1m AS
SELECT ts, token_id, condition_id, open, high, low, close, volume, notional, trim_scale(round(notional / nullif(volume, 0), 6)) AS vwap, trades
FROM candles_1m_by_key
JOIN tokens USING (token_key);

DROP VIEW candles_1h;
CREATE VIEW candles_1h AS
SELECT ts, token_id, condition_id, open, high, low, close, volume, notional, trim_scale(round(notional / nullif(volume, 0), 6)) AS vwap, trades
FROM candles_1h_by_key
JOIN tokens USING (token_key);

DROP VIEW candles_1d;
CREATE VIEW candles_1d AS
SELECT ts, token_id, condition_id, open, high, low, close, volume, notional, trim_scale(round(notional / nullif(volume, 0), 6)) AS vwap, trades
FROM candles_1d_by_key
JOIN tokens USING (token_key);

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

CREATE MATERIALIZED VIEW price_candles_1h_by_key
WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT
  time_bucket(INTERVAL '1 hour', price_snapshots.ts) AS ts,
  token_key,
  first(midpoint, price_snapshots.ts) FILTER (WHERE midpoint IS NOT NULL) AS open,
  max(midpoint) AS high,
  min(midpoint) AS low,
  last(midpoint, price_snapshots.ts) FILTER (WHERE midpoint IS NOT NULL) AS close,
  last(last_price, price_snapshots.ts) FILTER (WHERE last_price IS NOT NULL) AS last_price,
  avg(best_ask - best_bid) AS spread,
  count(*) AS snapshots
FROM price_snapshots
GROUP BY time_bucket(INTERVAL '1 hour', price_snapshots.ts), token_key
WITH NO DATA;
SELECT add_continuous_aggregate_policy('price_candles_1h_by_key', start_offset => NULL, end_offset => INTERVAL '1 hour', schedule_interval => INTERVAL '10 minutes');
CREATE VIEW price_candles_1h AS
SELECT
  ts, token_id, condition_id, open, high, low, close, last_price, trim_scale(round(spread, 6)) AS spread, snapshots
FROM price_candles_1h_by_key
JOIN tokens USING (token_key);

CREATE MATERIALIZED VIEW price_candles_1d_by_key
WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT
  time_bucket(INTERVAL '1 day', price_snapshots.ts) AS ts,
  token_key,
  first(midpoint, price_snapshots.ts) FILTER (WHERE midpoint IS NOT NULL) AS open,
  max(midpoint) AS high,
  min(midpoint) AS low,
  last(midpoint, price_snapshots.ts) FILTER (WHERE midpoint IS NOT NULL) AS close,
  last(last_price, price_snapshots.ts) FILTER (WHERE last_price IS NOT NULL) AS last_price,
  avg(best_ask - best_bid) AS spread,
  count(*) AS snapshots
FROM price_snapshots
GROUP BY time_bucket(INTERVAL '1 day', price_snapshots.ts), token_key
WITH NO DATA;
SELECT add_continuous_aggregate_policy('price_candles_1d_by_key', start_offset => NULL, end_offset => INTERVAL '1 day', schedule_interval => INTERVAL '1 hour');
CREATE VIEW price_candles_1d AS
SELECT
  ts, token_id, condition_id, open, high, low, close, last_price, trim_scale(round(spread, 6)) AS spread, snapshots
FROM price_candles_1d_by_key
JOIN tokens USING (token_key);
