-- Candles of a minute, an hour and a day (UTC): of trades, and of the midpoints of price snapshots.
--
-- On the Community edition, TimescaleDB keeps candles by token_key in the background (continuous aggregates) and
-- computes what is newer than the last refresh on reading. A refresh covers all of the past (start_offset NULL) but
-- recomputes only what changed there, since trades may arrive late. Minutes of prices are not kept: there is about one
-- snapshot a minute, so keeping them would store each snapshot again. Everywhere else candles are computed on reading.
--
-- Where there are hypertables, buckets come from time_bucket: TimescaleDB turns a limit on the bucket into a limit on
-- the time, and then reads only the chunks of that time. On plain PostgreSQL, date_bin from 2000 on makes the same
-- buckets.

DO $do$
DECLARE
  edition CONSTANT text := (SELECT min(schema_migrations.edition) FROM schema_migrations);
  period record;
  kind record;
  bucket text;
  view_name text;
  source text;
BEGIN
  FOR period IN
    SELECT * FROM (VALUES
      ('1m', 'minute',    INTERVAL '1 minute', INTERVAL '2 minutes', INTERVAL '1 minute'),
      ('1h', 'hour',      INTERVAL '1 hour',   INTERVAL '1 hour',    INTERVAL '10 minutes'),
      ('1d', 'day (UTC)', INTERVAL '1 day',    INTERVAL '1 day',     INTERVAL '1 hour')
    ) AS periods (name, unit, length, refresh_lag, refresh_interval)
  LOOP
    bucket := format(
      CASE edition
        WHEN 'postgresql' THEN $sql$date_bin(INTERVAL %L, ts, TIMESTAMPTZ '2000-01-01 00:00:00+00')$sql$
        ELSE 'time_bucket(INTERVAL %L, ts)'
      END, period.length);

    FOR kind IN
      SELECT * FROM (VALUES
        ('candles', 'trades',
          $sql$
          (array_agg(price ORDER BY ts, content, ordinal) FILTER (WHERE source = 'w'))[1] AS open,
          max(price) FILTER (WHERE source = 'w') AS high,
          min(price) FILTER (WHERE source = 'w') AS low,
          (array_agg(price ORDER BY ts DESC, content DESC, ordinal DESC) FILTER (WHERE source = 'w'))[1] AS close,
          sum(size) AS volume,
          sum(price * size) AS notional,
          count(*) AS trades
          $sql$,
          'open, high, low, close, volume, notional, trim_scale(round(notional / nullif(volume, 0), 6)) AS vwap, trades'),
        ('price_candles', 'price_snapshots',
          $sql$
          (array_agg(midpoint ORDER BY ts) FILTER (WHERE midpoint IS NOT NULL))[1] AS open,
          max(midpoint) AS high,
          min(midpoint) AS low,
          (array_agg(midpoint ORDER BY ts DESC) FILTER (WHERE midpoint IS NOT NULL))[1] AS close,
          (array_agg(last_price ORDER BY ts DESC) FILTER (WHERE last_price IS NOT NULL))[1] AS last_price,
          avg(best_ask - best_bid) AS spread,
          count(*) AS snapshots
          $sql$,
          'open, high, low, close, last_price, trim_scale(round(spread, 6)) AS spread, snapshots')
      ) AS kinds (name, from_table, aggregates, columns)
    LOOP
      view_name := kind.name || '_' || period.name;
      IF edition = 'timescaledb-community' AND view_name <> 'price_candles_1m' THEN
        EXECUTE format(
          'CREATE MATERIALIZED VIEW %s_by_key WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
           SELECT %s AS ts, token_key, %s FROM %s GROUP BY 1, token_key WITH NO DATA',
          view_name, bucket, kind.aggregates, kind.from_table);
        PERFORM add_continuous_aggregate_policy(view_name || '_by_key', start_offset => NULL,
          end_offset => period.refresh_lag, schedule_interval => period.refresh_interval);
        source := view_name || '_by_key JOIN tokens USING (token_key)';
      ELSE
        source := format(
          '(SELECT %s AS ts, token_id, condition_id, %s FROM %s JOIN tokens USING (token_key) GROUP BY 1, tokens.token_key)
           AS computed',
          bucket, kind.aggregates, kind.from_table);
      END IF;
      EXECUTE format('CREATE VIEW %s AS SELECT ts, token_id, condition_id, %s FROM %s', view_name, kind.columns, source);
    END LOOP;

    EXECUTE format($sql$
      COMMENT ON VIEW   candles_%1$s              IS 'One row for each token and %2$s with trades. Prices come from trades seen live only; trades fetched later count in volume, notional, vwap and trades.';
      COMMENT ON COLUMN candles_%1$s.ts           IS 'Start of the %2$s.';
      COMMENT ON COLUMN candles_%1$s.token_id     IS 'Token that was traded.';
      COMMENT ON COLUMN candles_%1$s.condition_id IS 'Market of the token.';
      COMMENT ON COLUMN candles_%1$s.open         IS 'Price of the first trade, by time, content and ordinal; null when none was seen live.';
      COMMENT ON COLUMN candles_%1$s.high         IS 'Highest price; null when no trade was seen live.';
      COMMENT ON COLUMN candles_%1$s.low          IS 'Lowest price; null when no trade was seen live.';
      COMMENT ON COLUMN candles_%1$s.close        IS 'Price of the last trade, by time, content and ordinal; null when none was seen live.';
      COMMENT ON COLUMN candles_%1$s.volume       IS 'Shares.';
      COMMENT ON COLUMN candles_%1$s.notional     IS 'Collateral: sum of price times size.';
      COMMENT ON COLUMN candles_%1$s.vwap         IS 'Average price of all trades, weighted by volume, to six places.';
      COMMENT ON COLUMN candles_%1$s.trades       IS 'Number of trades.';

      COMMENT ON VIEW   price_candles_%1$s              IS 'One row for each token and %2$s with price snapshots. A price that does not change is published once an hour at least, so there may be none for some time.';
      COMMENT ON COLUMN price_candles_%1$s.ts           IS 'Start of the %2$s. It has the snapshots whose intervals begin in it, and the last of them may have been seen an interval (PRICES_INTERVAL_MS) after its end. To ask what was known at a time, take price_series, or price_tape by seen_at.';
      COMMENT ON COLUMN price_candles_%1$s.token_id     IS 'Token.';
      COMMENT ON COLUMN price_candles_%1$s.condition_id IS 'Market of the token.';
      COMMENT ON COLUMN price_candles_%1$s.open         IS 'First midpoint. This, high, low and close are null when no snapshot had orders on both sides.';
      COMMENT ON COLUMN price_candles_%1$s.high         IS 'Highest midpoint.';
      COMMENT ON COLUMN price_candles_%1$s.low          IS 'Lowest midpoint.';
      COMMENT ON COLUMN price_candles_%1$s.close        IS 'Last midpoint.';
      COMMENT ON COLUMN price_candles_%1$s.last_price   IS 'Price of the last trade in the last snapshot that had one, however old that trade was.';
      COMMENT ON COLUMN price_candles_%1$s.spread       IS 'Best ask minus best bid, averaged over the stored snapshots and not over time: an unchanged price is stored once an hour. spread_history has the average over time. To six places; null when no snapshot had orders on both sides.';
      COMMENT ON COLUMN price_candles_%1$s.snapshots    IS 'Number of stored snapshots.';
      $sql$, period.name, period.unit);
  END LOOP;
END
$do$;
