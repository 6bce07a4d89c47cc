-- What people ask the tape again and again. The functions are the same on every edition (date_bin, not time_bucket).
--
-- Each takes the time range that it looks at, and its queries are planned anew for each call (force_custom_plan), so
-- that they read the chunks of that range only. When something became known is decided by seen_at, not by ts, the
-- interval that a snapshot stands for: otherwise answers would contain the future. A snapshot is seen within its
-- interval or a little later, and chunks are found by ts, so what was seen at a time is looked up from an hour before
-- that time.
--
-- They are plpgsql, because a function in SQL cannot refuse an argument.

CREATE FUNCTION check_argument(is_valid boolean, message text) RETURNS void
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF is_valid IS NOT TRUE THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = message;
  END IF;
END
$$;
COMMENT ON FUNCTION check_argument IS 'Used by the other functions: raises an error for an invalid argument. Takes: is_valid; message, the text of the error.';

CREATE FUNCTION price_series(
  token_id text, start_time timestamptz, end_time timestamptz,
  step interval DEFAULT '1 minute', price_source text DEFAULT 'midpoint', age_max interval DEFAULT '65 minutes'
)
RETURNS TABLE (ts timestamptz, price numeric, observed_at timestamptz)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
DECLARE
  wanted CONSTANT integer := (SELECT tokens.token_key FROM tokens WHERE tokens.token_id = price_series.token_id);
BEGIN
  PERFORM check_argument(step > INTERVAL '0', 'step must be positive');
  PERFORM check_argument(age_max > INTERVAL '0', 'age_max must be positive');
  PERFORM check_argument(price_source IN ('midpoint', 'trade'), format('price_source must be midpoint or trade, not %L', price_source));
  PERFORM check_argument(isfinite(start_time) IS NOT FALSE AND isfinite(end_time) IS NOT FALSE, 'start_time and end_time must be finite');
  PERFORM check_argument((end_time <= start_time + 10000000 * step) IS NOT FALSE, 'start_time to end_time must not have more than 10,000,000 steps');
  IF wanted IS NULL THEN RETURN; END IF;
  RETURN QUERY
  WITH observations AS (
    SELECT price_snapshots.seen_at AS at, price_snapshots.midpoint AS price
    FROM price_snapshots
    WHERE price_source = 'midpoint' AND price_snapshots.token_key = wanted
      AND price_snapshots.ts > start_time - age_max - INTERVAL '1 hour' AND price_snapshots.ts <= end_time
    UNION ALL
    (
      -- The last of the trades at one time, as in the candles.
      SELECT DISTINCT ON (trades.ts) trades.ts, trades.price
      FROM trades
      WHERE price_source = 'trade' AND trades.source = 'w' AND trades.token_key = wanted
        AND trades.ts > start_time - age_max AND trades.ts <= end_time
      ORDER BY trades.ts, trades.content DESC, trades.ordinal DESC
    )
  ),
  points AS (
    SELECT observations.at, observations.price, true AS is_observation FROM observations
    UNION ALL
    SELECT grid.at, NULL, false FROM generate_series(start_time, end_time, step) AS grid (at)
  ),
  numbered AS (
    -- An observation and the grid points that follow it share a number.
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
  WHERE NOT is_observation
  ORDER BY carried.at;
END
$$;
COMMENT ON FUNCTION price_series IS 'The price of a token as it was known at each step of a time range.
Takes: token_id; start_time and end_time, both included; step; price_source: midpoint (of the price snapshots) or trade (last trade seen live); age_max: an older observation counts as unknown (snapshots arrive once an hour at least).
Returns: ts, the step; price, the last one observed up to then, null when none is known or a side of the book was empty; observed_at, when it was observed (a midpoint by our clock, a trade by the venue''s), never later than ts. A token that the tape does not know has no rows.';

CREATE FUNCTION price_returns(
  token_id text, start_time timestamptz, end_time timestamptz, horizon interval DEFAULT '1 hour',
  step interval DEFAULT '5 minutes', price_source text DEFAULT 'midpoint', age_max interval DEFAULT '65 minutes'
)
RETURNS TABLE (
  ts timestamptz, price numeric, price_before numeric, change numeric, simple_return numeric, log_return numeric
)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
BEGIN
  PERFORM check_argument(step > INTERVAL '0', 'step must be positive');
  PERFORM check_argument(horizon > INTERVAL '0', 'horizon must be positive');
  -- Months differ in length, so a horizon of months would pair prices that do not belong together.
  PERFORM check_argument(date_trunc('month', horizon) = INTERVAL '0', 'horizon must be without months and years');
  RETURN QUERY
  SELECT
    now.ts,
    now.price,
    before.price,
    now.price - before.price,
    round(now.price / nullif(before.price, 0) - 1, 8),
    CASE WHEN now.price > 0 AND before.price > 0 THEN round(ln(now.price / before.price), 8) END
  FROM price_series(token_id, start_time, end_time, step, price_source, age_max)
    WITH ORDINALITY AS now (ts, price, observed_at, place)
  JOIN price_series(token_id, start_time - horizon, end_time - horizon, step, price_source, age_max)
    WITH ORDINALITY AS before (ts, price, observed_at, place) USING (place)
  ORDER BY now.ts;
END
$$;
COMMENT ON FUNCTION price_returns IS 'What holding a token over a horizon returned, at each step of a time range.
Takes: token_id; start_time and end_time, both included; horizon, without months and years; step; price_source and age_max as price_series.
Returns: ts, the end of the horizon; price, at that time; price_before, at the start of the horizon; change, the difference; simple_return, price / price_before - 1; log_return, ln(price / price_before). The last three are null when a price is unknown; returns have eight places.';

CREATE FUNCTION rolling_volatility(
  token_id text, start_time timestamptz, end_time timestamptz, lookback interval DEFAULT '1 hour',
  step interval DEFAULT '1 minute', price_source text DEFAULT 'midpoint', age_max interval DEFAULT '65 minutes'
)
RETURNS TABLE (
  ts timestamptz, price numeric, volatility numeric, daily_volatility numeric, change_deviation numeric, returns bigint
)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
BEGIN
  PERFORM check_argument(step > INTERVAL '0', 'step must be positive');
  PERFORM check_argument(lookback >= step, 'lookback must not be shorter than step');
  RETURN QUERY
  SELECT rolling.ts, rolling.price, round(deviation, 8),
    round(deviation * sqrt(86400 / extract(epoch FROM step)::numeric), 8), round(change_deviation, 8), returns
  FROM (
    SELECT
      stepwise.ts,
      stepwise.price,
      stddev_samp(stepwise.log_return) OVER recent AS deviation,
      stddev_samp(stepwise.change) OVER recent AS change_deviation,
      count(stepwise.log_return) OVER recent AS returns
    FROM price_returns(token_id, start_time - lookback, end_time, step, step, price_source, age_max) AS stepwise
    WINDOW recent AS (ORDER BY stepwise.ts RANGE BETWEEN (lookback - step) PRECEDING AND CURRENT ROW)
  ) AS rolling
  WHERE rolling.ts >= start_time
  ORDER BY rolling.ts;
END
$$;
COMMENT ON FUNCTION rolling_volatility IS 'How much the price of a token moved from step to step, over the lookback before each step.
Takes: token_id; start_time and end_time, both included; lookback, best a multiple of step; step; price_source and age_max as price_series.
Returns: ts, the end of the lookback; price, at that time; volatility, the sample standard deviation of the log returns from step to step; daily_volatility, the same scaled to a day by the square root of time; change_deviation, the standard deviation of the changes of the price, for prices near 0, whose log returns say little; returns, the number of known log returns. Deviations are null with fewer than two, and have eight places.';

CREATE FUNCTION spread_history(
  token_id text, start_time timestamptz, end_time timestamptz, step interval DEFAULT '5 minutes',
  age_max interval DEFAULT '65 minutes'
)
RETURNS TABLE (
  ts timestamptz, spread_min numeric, spread_avg numeric, spread_max numeric, relative_spread numeric,
  known interval, snapshots bigint, one_sided bigint
)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
DECLARE
  wanted CONSTANT integer := (SELECT tokens.token_key FROM tokens WHERE tokens.token_id = spread_history.token_id);
BEGIN
  PERFORM check_argument(step > INTERVAL '0', 'step must be positive');
  PERFORM check_argument(date_trunc('month', step) = INTERVAL '0', 'step must be without months and years');
  PERFORM check_argument(age_max > INTERVAL '0', 'age_max must be positive');
  step := make_interval(secs => extract(epoch FROM step)); -- days of 24 hours, as date_bin counts them, even when clocks change
  RETURN QUERY
  WITH quotes AS (
    -- A quote holds until the next one, but no longer than age_max.
    SELECT
      price_snapshots.seen_at AS since,
      least(lead(price_snapshots.seen_at) OVER in_order, price_snapshots.seen_at + age_max, end_time) AS until,
      best_ask - best_bid AS spread,
      (best_ask - best_bid) / nullif(midpoint, 0) AS relative
    FROM price_snapshots
    WHERE price_snapshots.token_key = wanted
      AND price_snapshots.ts > start_time - age_max - INTERVAL '1 hour' AND price_snapshots.ts < end_time
    WINDOW in_order AS (ORDER BY price_snapshots.seen_at, price_snapshots.ts)
  ),
  pieces AS (
    SELECT
      bin.start,
      quotes.spread,
      quotes.relative,
      quotes.since >= greatest(bin.start, start_time) AS is_seen_here,
      least(quotes.until, bin.start + step) - greatest(quotes.since, bin.start, start_time) AS length
    FROM quotes
    CROSS JOIN LATERAL generate_series(
      date_bin(step, greatest(quotes.since, start_time), TIMESTAMPTZ '2000-01-01 00:00:00+00'), quotes.until, step
    ) AS bin (start)
  ),
  weighed AS (
    SELECT pieces.*, extract(epoch FROM length) AS weight FROM pieces WHERE length > INTERVAL '0'
  )
  SELECT
    start,
    min(spread),
    trim_scale(round(sum(spread * weight) / sum(weight) FILTER (WHERE spread IS NOT NULL), 6)),
    max(spread),
    trim_scale(round(sum(relative * weight) / sum(weight) FILTER (WHERE relative IS NOT NULL), 6)),
    coalesce(sum(length) FILTER (WHERE spread IS NOT NULL), INTERVAL '0'),
    count(*) FILTER (WHERE is_seen_here),
    count(*) FILTER (WHERE is_seen_here AND spread IS NULL)
  FROM weighed
  GROUP BY start
  ORDER BY start;
END
$$;
COMMENT ON FUNCTION spread_history IS 'The spread of a token over a time range, from the price snapshots. Each spread is weighted by how long it held: from when it was seen until the next one was seen, through intervals without changes too.
Takes: token_id; start_time, included, and end_time, not included; step, the length of the intervals (UTC, without months and years); age_max: an older spread no longer holds (snapshots arrive once an hour at least).
Returns: ts, the start of the interval, whose row is known at its end; spread_min, spread_avg and spread_max of best ask minus best bid; relative_spread, the average of spread / midpoint; known, for how much of the interval there was a spread; snapshots seen in it, 0 when nothing changed; one_sided, how many of them lacked a side: while such a snapshot held there was no spread. Averages are over the known time, to six places. The first and last interval count only what lies inside the time range. An interval about which nothing is known has no row.';

CREATE FUNCTION book_imbalance(
  token_id text, start_time timestamptz, end_time timestamptz, depths numeric[] DEFAULT '{0.01,0.05,0.10}'
)
RETURNS TABLE (
  ts timestamptz, seen_at timestamptz, depth numeric, midpoint numeric, bid_size numeric, ask_size numeric,
  imbalance numeric, bid_levels bigint, ask_levels bigint
)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
DECLARE
  wanted CONSTANT integer := (SELECT tokens.token_key FROM tokens WHERE tokens.token_id = book_imbalance.token_id);
BEGIN
  PERFORM check_argument((0 <= ALL (depths)) IS NOT FALSE, 'depths must not be negative');
  RETURN QUERY
  SELECT
    book_snapshots.ts,
    book_snapshots.seen_at,
    near.depth,
    book_snapshots.midpoint,
    bid.size,
    ask.size,
    trim_scale(round((bid.size - ask.size) / nullif(bid.size + ask.size, 0), 6)),
    bid.levels,
    ask.levels
  FROM book_snapshots
  CROSS JOIN unnest(depths) AS near (depth)
  CROSS JOIN LATERAL (
    SELECT coalesce(sum((level ->> 1)::numeric), 0) AS size, count(*) AS levels
    FROM jsonb_array_elements(book_snapshots.bids) AS side (level)
    WHERE near.depth IS NULL OR (level ->> 0)::numeric >= book_snapshots.best_bid - near.depth
  ) AS bid
  CROSS JOIN LATERAL (
    SELECT coalesce(sum((level ->> 1)::numeric), 0) AS size, count(*) AS levels
    FROM jsonb_array_elements(book_snapshots.asks) AS side (level)
    WHERE near.depth IS NULL OR (level ->> 0)::numeric <= book_snapshots.best_ask + near.depth
  ) AS ask
  WHERE book_snapshots.token_key = wanted
    AND book_snapshots.ts > start_time - INTERVAL '1 hour' AND book_snapshots.ts < end_time
    AND book_snapshots.seen_at >= start_time AND book_snapshots.seen_at < end_time
  ORDER BY book_snapshots.seen_at, book_snapshots.ts, near.depth;
END
$$;
COMMENT ON FUNCTION book_imbalance IS 'How the sizes on both sides of a token''s book compare, by depth, for each snapshot seen in a time range.
Takes: token_id; start_time, included, and end_time, not included; depths: how far a level may be from the best price of its own side to count, null for all levels.
Returns: ts, the start of the interval that the snapshot stands for, up to a whole interval before the book was known; seen_at, when it was known: join by this one; depth; midpoint; bid_size and ask_size, the shares within that depth; imbalance, (bid_size - ask_size) / (bid_size + ask_size): 1 with bids only, -1 with asks only, null for an empty book, six places; bid_levels and ask_levels, how many levels count.';

CREATE FUNCTION volume_profile(
  token_id text, start_time timestamptz, end_time timestamptz, price_step numeric DEFAULT 0.01
)
RETURNS TABLE (
  price numeric, buy_volume numeric, sell_volume numeric, volume numeric, buy_notional numeric, sell_notional numeric,
  trades bigint
)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
DECLARE
  wanted CONSTANT integer := (SELECT tokens.token_key FROM tokens WHERE tokens.token_id = volume_profile.token_id);
BEGIN
  PERFORM check_argument(price_step > 0, 'price_step must be positive');
  RETURN QUERY
  SELECT
    trim_scale(floor(trades.price / price_step) * price_step),
    coalesce(sum(size) FILTER (WHERE side = 'B'), 0),
    coalesce(sum(size) FILTER (WHERE side = 'S'), 0),
    sum(size),
    coalesce(sum(trades.price * size) FILTER (WHERE side = 'B'), 0),
    coalesce(sum(trades.price * size) FILTER (WHERE side = 'S'), 0),
    count(*)
  FROM trades
  WHERE trades.token_key = wanted AND trades.ts >= start_time AND trades.ts < end_time
  GROUP BY 1
  ORDER BY 1;
END
$$;
COMMENT ON FUNCTION volume_profile IS 'How much of a token takers bought and sold at which prices.
Takes: token_id; start_time, included, and end_time, not included; price_step, the width of the price intervals.
Returns: price, the lower edge of the interval, whose row counts trades from price up to but not including price + price_step; buy_volume, sell_volume and volume, in shares; buy_notional and sell_notional, in collateral; trades, their number. Trades fetched later count at the average price that the venue gives for them.';

CREATE FUNCTION market_summary(start_time timestamptz, end_time timestamptz, market text DEFAULT NULL)
RETURNS TABLE (
  condition_id text, question text, token_id text, outcome text,
  open numeric, high numeric, low numeric, close numeric, vwap numeric,
  volume numeric, notional numeric, buy_volume numeric, sell_volume numeric, trades bigint,
  best_bid numeric, best_ask numeric, midpoint numeric, spread numeric, quoted_at timestamptz,
  closed boolean, resolution_state text, resolution text
)
LANGUAGE sql STABLE AS $$
  WITH traded AS (
    SELECT
      trades.token_key,
      (array_agg(price ORDER BY trades.ts, content, ordinal) FILTER (WHERE source = 'w'))[1] AS open,
      max(price) FILTER (WHERE source = 'w') AS high,
      min(price) FILTER (WHERE source = 'w') AS low,
      (array_agg(price ORDER BY trades.ts DESC, content DESC, ordinal DESC) FILTER (WHERE source = 'w'))[1] AS close,
      trim_scale(round(sum(price * size) / nullif(sum(size), 0), 6)) AS vwap,
      sum(size) AS volume,
      sum(price * size) AS notional,
      coalesce(sum(size) FILTER (WHERE side = 'B'), 0) AS buy_volume,
      coalesce(sum(size) FILTER (WHERE side = 'S'), 0) AS sell_volume,
      count(*) AS trades
    FROM trades
    WHERE trades.ts >= start_time AND trades.ts < end_time
      AND (market IS NULL OR trades.token_key IN (SELECT token_key FROM tokens WHERE tokens.condition_id = market))
    GROUP BY trades.token_key
  ),
  quoted AS (
    SELECT DISTINCT ON (price_snapshots.token_key) price_snapshots.*
    FROM price_snapshots
    WHERE price_snapshots.ts > end_time - INTERVAL '65 minutes' - INTERVAL '1 hour' AND price_snapshots.ts < end_time
      AND price_snapshots.seen_at >= end_time - INTERVAL '65 minutes' AND price_snapshots.seen_at < end_time
      AND (market IS NULL
        OR price_snapshots.token_key IN (SELECT token_key FROM tokens WHERE tokens.condition_id = market))
    ORDER BY price_snapshots.token_key, price_snapshots.seen_at DESC, price_snapshots.ts DESC
  )
  SELECT
    tokens.condition_id, markets.question, tokens.token_id, tokens.outcome,
    traded.open, traded.high, traded.low, traded.close, traded.vwap,
    coalesce(traded.volume, 0), coalesce(traded.notional, 0), coalesce(traded.buy_volume, 0),
    coalesce(traded.sell_volume, 0), coalesce(traded.trades, 0),
    quoted.best_bid, quoted.best_ask, quoted.midpoint, quoted.best_ask - quoted.best_bid, quoted.seen_at,
    markets.closed, resolutions.state, resolutions.outcome
  FROM traded
  FULL JOIN quoted USING (token_key)
  JOIN tokens USING (token_key)
  LEFT JOIN markets ON markets.condition_id = tokens.condition_id
  LEFT JOIN resolutions ON resolutions.condition_id = tokens.condition_id
  ORDER BY sum(traded.notional) OVER (PARTITION BY tokens.condition_id) DESC NULLS LAST,
    tokens.condition_id, tokens.outcome_index, tokens.token_id
$$;
COMMENT ON FUNCTION market_summary IS 'What happened on markets in a time range: one row for each token that was traded or quoted, markets with the most traded collateral first.
Takes: start_time, included, and end_time, not included; market: the condition id of one market, or null for all markets.
Returns: condition_id, question, token_id, outcome; open, high, low, close of the trades seen live, vwap of all trades; volume, buy_volume and sell_volume in shares by the side of the taker, notional in collateral, trades; best_bid, best_ask, midpoint and spread of the last price snapshot seen in the 65 minutes before end_time, and quoted_at, when it was seen; closed, resolution_state and resolution (win0, win1, split, other, unknown: see resolutions) as they are now, whatever end_time is.';
