-- The functions go by when something was seen (seen_at), not by the interval that it stands for, so that nothing of the
-- future is in an answer. Averages of spreads are over time. Arguments that cannot be meant are errors that say so: hence
-- plpgsql. What their queries read depends on the times that are given, so each call is planned for its own.

-- A snapshot is seen within its interval, or a little later. Chunks are found by the interval's start, so one that was seen at
-- a time is looked for in the hour before it, too.

CREATE FUNCTION check_argument(is_right boolean, otherwise text) RETURNS void
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF is_right IS NOT TRUE THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = otherwise;
  END IF;
END
$$;
COMMENT ON FUNCTION check_argument IS 'Part of the other functions: an error for an argument that cannot be meant. Takes: is_right; otherwise, what the error says.';

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

COMMENT ON FUNCTION price_series IS 'The price of a token as it was known at each step of a time.
Takes: of_token; from_at and to_at, both included; step; price_of: midpoint (of the price snapshots) or trade (last trade seen live); age_max: what was observed longer ago counts as not known (snapshots come once an hour at least).
Returns: ts, the step; price, the last one observed until then, null when none is known or a side of the book was empty; observed_at, when that was (of a midpoint by our clock, of a trade by the venue''s): never later than ts. A token that the tape does not know has no rows.';

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

CREATE OR REPLACE FUNCTION rolling_volatility(
  of_token text, from_at timestamptz, to_at timestamptz, lookback interval DEFAULT '1 hour',
  step interval DEFAULT '1 minute', price_of text DEFAULT 'midpoint', age_max interval DEFAULT '65 minutes'
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
    FROM price_returns(of_token, from_at - lookback, to_at, step, step, price_of, age_max) AS stepwise
    WINDOW recent AS (ORDER BY stepwise.ts RANGE BETWEEN (lookback - step) PRECEDING AND CURRENT ROW)
  ) AS rolling
  WHERE rolling.ts >= from_at
  ORDER BY rolling.ts;
END
$$;

DROP FUNCTION spread_history(text, timestamptz, timestamptz, interval);
CREATE FUNCTION spread_history(
  of_token text, from_at timestamptz, to_at timestamptz, step interval DEFAULT '5 minutes',
  age_max interval DEFAULT '65 minutes'
)
RETURNS TABLE (
  ts timestamptz, spread_min numeric, spread_avg numeric, spread_max numeric, relative_spread numeric,
  known interval, snapshots bigint, one_sided bigint
)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
BEGIN
  PERFORM check_argument(step > INTERVAL '0', 'step must be positive');
  PERFORM check_argument(date_trunc('month', step) = INTERVAL '0', 'step must be without months and years');
  PERFORM check_argument(age_max > INTERVAL '0', 'age_max must be positive');
  step := make_interval(secs => extract(epoch FROM step)); -- A day of 24 hours, as date_bin's, also where clocks change.
  RETURN QUERY
  WITH quotes AS (
    -- Each holds until the next one, and not for ever: a token of which nothing is told any more has no spread.
    SELECT
      price_snapshots.seen_at AS since,
      least(lead(price_snapshots.seen_at) OVER in_order, price_snapshots.seen_at + age_max, to_at) AS until,
      best_ask - best_bid AS spread,
      (best_ask - best_bid) / nullif(midpoint, 0) AS relative
    FROM price_snapshots
    WHERE price_snapshots.token_key = (SELECT token_key FROM tokens WHERE token_id = of_token)
      AND price_snapshots.ts > from_at - age_max - INTERVAL '1 hour' AND price_snapshots.ts < to_at
    WINDOW in_order AS (ORDER BY price_snapshots.seen_at, price_snapshots.ts)
  ),
  pieces AS (
    SELECT
      bin.start,
      quotes.spread,
      quotes.relative,
      quotes.since >= greatest(bin.start, from_at) AS is_seen_here,
      least(quotes.until, bin.start + step) - greatest(quotes.since, bin.start, from_at) AS length
    FROM quotes
    CROSS JOIN LATERAL generate_series(
      date_bin(step, greatest(quotes.since, from_at), TIMESTAMPTZ '2000-01-01 00:00:00+00'), quotes.until, step
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
COMMENT ON FUNCTION spread_history IS 'The spread of a token over a time, from the price snapshots, weighted by how long each held: from when it was seen until the next one was, also through intervals in which nothing changed.
Takes: of_token; from_at, included, and to_at, not included; step, the length of the intervals (UTC, without months); age_max: what was seen longer ago does not hold any more (snapshots come once an hour at least).
Returns: ts, the start of the interval: what it says is known at its end; spread_min, spread_avg, spread_max of best ask less best bid; relative_spread, the average of spread / midpoint; known, for how much of the interval there was a spread; snapshots that were seen in it, 0 where nothing changed; one_sided, how many of them lacked a side: while such a one held there was no spread. Averages are over the time known, and have six places. Of the first and last interval only what lies in the time counts. Intervals of which nothing is known have no row.';

DROP FUNCTION book_imbalance(text, timestamptz, timestamptz, numeric[]);
CREATE FUNCTION book_imbalance(
  of_token text, from_at timestamptz, to_at timestamptz, depths numeric[] DEFAULT '{0.01,0.05,0.10}'
)
RETURNS TABLE (
  ts timestamptz, seen_at timestamptz, depth numeric, midpoint numeric, bid_size numeric, ask_size numeric,
  imbalance numeric, bid_levels bigint, ask_levels bigint
)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
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
  WHERE book_snapshots.token_key = (SELECT token_key FROM tokens WHERE token_id = of_token)
    AND book_snapshots.ts > from_at - INTERVAL '1 hour' AND book_snapshots.ts < to_at
    AND book_snapshots.seen_at >= from_at AND book_snapshots.seen_at < to_at
  ORDER BY book_snapshots.seen_at, book_snapshots.ts, near.depth;
END
$$;

COMMENT ON FUNCTION book_imbalance IS 'How the sizes on both sides of a token''s book compare, by depth, in each snapshot that was seen in a time.
Takes: of_token; from_at, included, and to_at, not included; depths: how far from the best price of its own side a level may be to count, null for all levels.
Returns: ts, the start of the interval that the snapshot stands for, up to a whole interval before the book was known; seen_at, when it was: join by this one; depth; midpoint; bid_size and ask_size, the shares within that depth; imbalance, (bid_size - ask_size) / (bid_size + ask_size): 1 with bids only, -1 with asks only, null for an empty book, six places; bid_levels and ask_levels, how many levels count.';

CREATE OR REPLACE FUNCTION volume_profile(
  of_token text, from_at timestamptz, to_at timestamptz, price_step numeric DEFAULT 0.01
)
RETURNS TABLE (
  price numeric, buy_volume numeric, sell_volume numeric, volume numeric, buy_notional numeric, sell_notional numeric,
  trades bigint
)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
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
  WHERE trades.token_key = (SELECT token_key FROM tokens WHERE token_id = of_token)
    AND trades.ts >= from_at AND trades.ts < to_at
  GROUP BY 1
  ORDER BY 1;
END
$$;

COMMENT ON FUNCTION volume_profile IS 'What was bought and sold of a token at which prices, by the taker''s side.
Takes: of_token; from_at, included, and to_at, not included; price_step, the width of the price intervals.
Returns: price, the lower edge of the interval: its row counts trades at prices from there on and below price + price_step; buy_volume, sell_volume and volume, in shares; buy_notional and sell_notional, in collateral; trades, their number. Trades fetched afterwards count, at the average price that the venue gives for them.';

CREATE OR REPLACE FUNCTION market_summary(from_at timestamptz, to_at timestamptz, of_market text DEFAULT NULL)
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
    WHERE trades.ts >= from_at AND trades.ts < to_at
      AND (of_market IS NULL OR trades.token_key IN (SELECT token_key FROM tokens WHERE tokens.condition_id = of_market))
    GROUP BY trades.token_key
  ),
  quoted AS (
    SELECT DISTINCT ON (price_snapshots.token_key) price_snapshots.*
    FROM price_snapshots
    WHERE price_snapshots.ts > to_at - INTERVAL '65 minutes' - INTERVAL '1 hour' AND price_snapshots.ts < to_at
      AND price_snapshots.seen_at >= to_at - INTERVAL '65 minutes' AND price_snapshots.seen_at < to_at
      AND (of_market IS NULL
        OR price_snapshots.token_key IN (SELECT token_key FROM tokens WHERE tokens.condition_id = of_market))
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

COMMENT ON FUNCTION market_summary IS 'What happened on markets in a time, one row for each token that was traded or quoted; the markets with the most collateral traded first.
Takes: from_at, included, and to_at, not included; of_market: one condition id, or all markets.
Returns: condition_id, question, token_id, outcome; open, high, low, close of the trades seen live, vwap of all trades; volume, buy_volume and sell_volume in shares by the taker''s side, notional in collateral, trades; best_bid, best_ask, midpoint and spread of the last price snapshot that was seen in the 65 minutes before to_at, and quoted_at, when it was; closed, resolution_state and resolution (win0, win1, split, other, unknown: see resolutions) as they are now, whatever to_at is.';
