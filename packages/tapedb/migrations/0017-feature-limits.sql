-- A time without end in sight is an error instead of a query that does not end. Months are of different lengths, so a
-- horizon of some would pair prices that do not belong together.

CREATE OR REPLACE FUNCTION price_series(
  of_token text, from_at timestamptz, to_at timestamptz,
  step interval DEFAULT '1 minute', price_of text DEFAULT 'midpoint', age_max interval DEFAULT '65 minutes'
)
RETURNS TABLE (ts timestamptz, price numeric, observed_at timestamptz)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
BEGIN
  PERFORM check_argument(step > INTERVAL '0', 'step must be positive');
  PERFORM check_argument(age_max > INTERVAL '0', 'age_max must be positive');
  PERFORM check_argument(price_of IN ('midpoint', 'trade'), format('price_of must be midpoint or trade, not %L', price_of));
  PERFORM check_argument(isfinite(from_at) IS NOT FALSE AND isfinite(to_at) IS NOT FALSE, 'from_at and to_at must be finite');
  PERFORM check_argument((to_at <= from_at + 10000000 * step) IS NOT FALSE, 'from_at to to_at must not have more than 10,000,000 steps');
  RETURN QUERY
  WITH observations AS (
    SELECT price_snapshots.seen_at AS at, price_snapshots.midpoint AS price
    FROM price_snapshots
    WHERE price_of = 'midpoint'
      AND price_snapshots.token_key = (SELECT token_key FROM tokens WHERE token_id = of_token)
      AND price_snapshots.ts > from_at - age_max - INTERVAL '1 hour' AND price_snapshots.ts <= to_at
    UNION ALL
    (
      -- Of trades at the same time the last, as in the candles.
      SELECT DISTINCT ON (trades.ts) trades.ts, trades.price
      FROM trades
      WHERE price_of = 'trade' AND trades.source = 'w'
        AND trades.token_key = (SELECT token_key FROM tokens WHERE token_id = of_token)
        AND trades.ts > from_at - age_max AND trades.ts <= to_at
      ORDER BY trades.ts, trades.content DESC, trades.ordinal DESC
    )
  ),
  points AS (
    SELECT observations.at, observations.price, true AS is_observation FROM observations
    UNION ALL
    SELECT grid.at, NULL, false FROM generate_series(from_at, to_at, step) AS grid (at)
  ),
  numbered AS (
    -- Each observation and the points of the grid behind it have one number.
    SELECT points.*, count(*) FILTER (WHERE is_observation)
      OVER (ORDER BY points.at, is_observation DESC ROWS UNBOUNDED PRECEDING) AS number
    FROM points
  ),
  carried AS (
    SELECT
      numbered.at,
      is_observation,
      first_value(numbered.price) OVER same AS price,
      first_value(CASE WHEN is_observation THEN numbered.at END) OVER same AS observed_at
    FROM numbered
    WINDOW same AS (PARTITION BY number ORDER BY numbered.at, is_observation DESC)
  )
  SELECT
    carried.at,
    CASE WHEN carried.observed_at > carried.at - age_max THEN carried.price END,
    CASE WHEN carried.observed_at > carried.at - age_max THEN carried.observed_at END
  FROM carried
  WHERE NOT is_observation AND EXISTS (SELECT FROM tokens WHERE token_id = of_token)
  ORDER BY carried.at;
END
$$;

CREATE OR REPLACE FUNCTION price_returns(
  of_token text, from_at timestamptz, to_at timestamptz, horizon interval DEFAULT '1 hour',
  step interval DEFAULT '5 minutes', price_of text DEFAULT 'midpoint', age_max interval DEFAULT '65 minutes'
)
RETURNS TABLE (
  ts timestamptz, price numeric, price_before numeric, change numeric, simple_return numeric, log_return numeric
)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
BEGIN
  PERFORM check_argument(step > INTERVAL '0', 'step must be positive');
  PERFORM check_argument(horizon > INTERVAL '0', 'horizon must be positive');
  PERFORM check_argument(date_trunc('month', horizon) = INTERVAL '0', 'horizon must be without months and years');
  RETURN QUERY
  SELECT
    now.ts,
    now.price,
    before.price,
    now.price - before.price,
    round(now.price / nullif(before.price, 0) - 1, 8),
    CASE WHEN now.price > 0 AND before.price > 0 THEN round(ln(now.price / before.price), 8) END
  FROM price_series(of_token, from_at, to_at, step, price_of, age_max)
    WITH ORDINALITY AS now (ts, price, observed_at, place)
  JOIN price_series(of_token, from_at - horizon, to_at - horizon, step, price_of, age_max)
    WITH ORDINALITY AS before (ts, price, observed_at, place) USING (place)
  ORDER BY now.ts;
END
$$;
