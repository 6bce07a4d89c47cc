-- What the tape is asked for again and again, as functions. Each takes the time that it looks at, so that only the chunks
-- of that time are read. date_bin and not time_bucket, so that they are the same on every server.

CREATE FUNCTION price_series(
  of_token text, from_at timestamptz, to_at timestamptz,
  step interval DEFAULT '1 minute', price_of text DEFAULT 'midpoint', age_max interval DEFAULT '65 minutes'
)
RETURNS TABLE (ts timestamptz, price numeric, observed_at timestamptz)
LANGUAGE sql STABLE AS $$
  WITH observations AS (
    SELECT price_snapshots.seen_at AS at, price_snapshots.midpoint AS price
    FROM price_snapshots
    WHERE price_of = 'midpoint'
      AND price_snapshots.token_key = (SELECT token_key FROM tokens WHERE token_id = of_token)
      AND price_snapshots.ts > from_at - age_max AND price_snapshots.ts <= to_at
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
  WHERE NOT is_observation
  ORDER BY carried.at
$$;
COMMENT ON FUNCTION price_series IS 'The price of a token as it was known at each step of a time.
Takes: of_token; from_at and to_at, both included; step; price_of: midpoint (of the price snapshots) or trade (last trade seen live); age_max: what was observed longer ago counts as not known (snapshots come once an hour at least).
Returns: ts, the step; price, the last one observed until then, null when none is known or a side of the book was empty; observed_at, when that was (of a midpoint by our clock, of a trade by the venue''s): never later than ts.';

CREATE FUNCTION price_returns(
  of_token text, from_at timestamptz, to_at timestamptz, horizon interval DEFAULT '1 hour',
  step interval DEFAULT '5 minutes', price_of text DEFAULT 'midpoint', age_max interval DEFAULT '65 minutes'
)
RETURNS TABLE (
  ts timestamptz, price numeric, price_before numeric, change numeric, simple_return numeric, log_return numeric
)
LANGUAGE sql STABLE AS $$
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
  ORDER BY now.ts
$$;
COMMENT ON FUNCTION price_returns IS 'What holding a token over a horizon brought, at each step of a time.
Takes: of_token; from_at and to_at, both included; horizon; step; price_of and age_max as price_series.
Returns: ts, the end of the horizon; price, then; price_before, at its beginning; change, the difference; simple_return, price / price_before - 1; log_return, ln(price / price_before). The last three are null when a price is not known; returns have eight places.';

CREATE FUNCTION rolling_volatility(
  of_token text, from_at timestamptz, to_at timestamptz, lookback interval DEFAULT '1 hour',
  step interval DEFAULT '1 minute', price_of text DEFAULT 'midpoint', age_max interval DEFAULT '65 minutes'
)
RETURNS TABLE (
  ts timestamptz, price numeric, volatility numeric, daily_volatility numeric, change_deviation numeric, returns bigint
)
LANGUAGE sql STABLE AS $$
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
  ORDER BY rolling.ts
$$;
COMMENT ON FUNCTION rolling_volatility IS 'How much a token''s price moved from step to step, over the time before each step.
Takes: of_token; from_at and to_at, both included (lookback should be a multiple of step); lookback, the time looked back over; step; price_of and age_max as price_series.
Returns: ts, the end of that time; price, then; volatility, the sample standard deviation of the log returns from step to step in it; daily_volatility, the same scaled by the square root of time to a day; change_deviation, the standard deviation of the changes of the price, for prices near 0 whose log returns say little; returns, how many log returns were known. Deviations are null below two, and have eight places.';

CREATE FUNCTION spread_history(
  of_token text, from_at timestamptz, to_at timestamptz, step interval DEFAULT '5 minutes'
)
RETURNS TABLE (
  ts timestamptz, spread_min numeric, spread_avg numeric, spread_max numeric, relative_spread numeric,
  snapshots bigint, one_sided bigint
)
LANGUAGE sql STABLE AS $$
  SELECT
    date_bin(step, price_snapshots.ts, TIMESTAMPTZ '2000-01-01 00:00:00+00'),
    min(best_ask - best_bid),
    trim_scale(round(avg(best_ask - best_bid), 6)),
    max(best_ask - best_bid),
    trim_scale(round(avg((best_ask - best_bid) / nullif(midpoint, 0)), 6)),
    count(*),
    count(*) FILTER (WHERE best_bid IS NULL OR best_ask IS NULL)
  FROM price_snapshots
  WHERE price_snapshots.token_key = (SELECT token_key FROM tokens WHERE token_id = of_token)
    AND price_snapshots.ts >= from_at AND price_snapshots.ts < to_at
  GROUP BY 1
  ORDER BY 1
$$;
COMMENT ON FUNCTION spread_history IS 'The spread of a token over a time, from the price snapshots.
Takes: of_token; from_at, included, and to_at, not included; step, the length of the intervals (UTC, without months).
Returns: ts, the start of the interval; spread_min, spread_avg, spread_max of best ask less best bid; relative_spread, the average of spread / midpoint; snapshots in the interval; one_sided, how many of them lacked a side and count in no spread. Averages have six places. Intervals without a snapshot have no row.';

CREATE FUNCTION book_imbalance(
  of_token text, from_at timestamptz, to_at timestamptz, depths numeric[] DEFAULT '{0.01,0.05,0.10}'
)
RETURNS TABLE (
  ts timestamptz, depth numeric, midpoint numeric, bid_size numeric, ask_size numeric, imbalance numeric,
  bid_levels bigint, ask_levels bigint
)
LANGUAGE sql STABLE AS $$
  SELECT
    book_snapshots.ts,
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
    AND book_snapshots.ts >= from_at AND book_snapshots.ts < to_at
  ORDER BY book_snapshots.ts, near.depth
$$;
COMMENT ON FUNCTION book_imbalance IS 'How the sizes on both sides of a token''s book compare, by depth, in each snapshot of a time.
Takes: of_token; from_at, included, and to_at, not included; depths: how far from the best price of its own side a level may be to count, null for all levels.
Returns: ts, the interval of the snapshot; depth; midpoint; bid_size and ask_size, the shares within that depth; imbalance, (bid_size - ask_size) / (bid_size + ask_size): 1 with bids only, -1 with asks only, null for an empty book, six places; bid_levels and ask_levels, how many levels count.';

CREATE FUNCTION volume_profile(
  of_token text, from_at timestamptz, to_at timestamptz, price_step numeric DEFAULT 0.01
)
RETURNS TABLE (
  price numeric, buy_volume numeric, sell_volume numeric, volume numeric, buy_notional numeric, sell_notional numeric,
  trades bigint
)
LANGUAGE sql STABLE AS $$
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
  ORDER BY 1
$$;
COMMENT ON FUNCTION volume_profile IS 'What was bought and sold of a token at which prices, by the taker''s side.
Takes: of_token; from_at, included, and to_at, not included; price_step, the width of the price intervals.
Returns: price, the lower end of the interval; buy_volume, sell_volume and volume, in shares; buy_notional and sell_notional, in collateral; trades, their number. Trades fetched afterwards count, at the average price that the venue gives for them.';

CREATE FUNCTION market_summary(from_at timestamptz, to_at timestamptz, of_market text DEFAULT NULL)
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
    WHERE price_snapshots.ts >= to_at - INTERVAL '65 minutes' AND price_snapshots.ts < to_at
      AND (of_market IS NULL
        OR price_snapshots.token_key IN (SELECT token_key FROM tokens WHERE tokens.condition_id = of_market))
    ORDER BY price_snapshots.token_key, price_snapshots.ts DESC
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
Returns: condition_id, question, token_id, outcome; open, high, low, close of the trades seen live, vwap of all trades; volume, buy_volume and sell_volume in shares by the taker''s side, notional in collateral, trades; best_bid, best_ask, midpoint and spread of the last price snapshot in the 65 minutes before to_at, and quoted_at, when it was seen; closed, as the market is now; resolution_state and resolution (win0, win1, split, other, unknown), see resolutions.';
