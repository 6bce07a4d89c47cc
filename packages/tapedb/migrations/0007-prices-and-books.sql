-- What each token was worth, and its book, interval by interval.

CREATE TABLE price_snapshots (
  ts         timestamptz NOT NULL,
  seen_at    timestamptz NOT NULL,
  token_key  integer     NOT NULL,
  last_price numeric,
  best_bid   numeric,
  best_ask   numeric,
  midpoint   numeric,
  volume_24h numeric
);
CREATE UNIQUE INDEX price_snapshots_identity ON price_snapshots (ts, token_key);
COMMENT ON TABLE  price_snapshots            IS 'Prices of each token, interval by interval, packed. Read the view price_tape.';
COMMENT ON COLUMN price_snapshots.ts         IS 'Start of the interval.';
COMMENT ON COLUMN price_snapshots.seen_at    IS 'When the venue''s answer came, by our clock.';
COMMENT ON COLUMN price_snapshots.token_key  IS 'Token, see tokens.';
COMMENT ON COLUMN price_snapshots.last_price IS 'Price of the last trade, whenever that was; null when the venue told none.';
COMMENT ON COLUMN price_snapshots.best_bid   IS 'Highest price that is bid; null without bids.';
COMMENT ON COLUMN price_snapshots.best_ask   IS 'Lowest price that is asked; null without asks.';
COMMENT ON COLUMN price_snapshots.midpoint   IS 'Half of the sum of both; null where a side has no orders.';
COMMENT ON COLUMN price_snapshots.volume_24h IS 'Traded on the whole market in the last 24 hours by the venue''s count, in collateral; some hours old.';

CREATE TABLE book_snapshots (
  ts            timestamptz NOT NULL,
  seen_at       timestamptz NOT NULL,
  exchange_at   timestamptz,
  token_key     integer     NOT NULL,
  is_hash_right boolean,
  best_bid      numeric,
  best_ask      numeric,
  spread        numeric,
  midpoint      numeric,
  tick_size     numeric,
  hash          bytea,
  bids          jsonb       NOT NULL,
  asks          jsonb       NOT NULL
);
CREATE UNIQUE INDEX book_snapshots_identity ON book_snapshots (ts, token_key);
COMMENT ON TABLE  book_snapshots               IS 'Order books of each token, interval by interval, all levels, packed. Read the view book_tape.';
COMMENT ON COLUMN book_snapshots.ts            IS 'Start of the interval.';
COMMENT ON COLUMN book_snapshots.seen_at       IS 'When the venue''s answer came, by our clock.';
COMMENT ON COLUMN book_snapshots.exchange_at   IS 'When the venue made the book, by its clock; null where it did not say.';
COMMENT ON COLUMN book_snapshots.token_key     IS 'Token, see tokens.';
COMMENT ON COLUMN book_snapshots.is_hash_right IS 'Whether the venue''s hash is that of what was received; null where none came.';
COMMENT ON COLUMN book_snapshots.best_bid      IS 'Highest price that is bid; null without bids.';
COMMENT ON COLUMN book_snapshots.best_ask      IS 'Lowest price that is asked; null without asks.';
COMMENT ON COLUMN book_snapshots.spread        IS 'Best ask less best bid, below 0 in a crossed book; null where a side has no orders.';
COMMENT ON COLUMN book_snapshots.midpoint      IS 'Half of the sum of both; null where a side has no orders.';
COMMENT ON COLUMN book_snapshots.tick_size     IS 'Prices are multiples of it.';
COMMENT ON COLUMN book_snapshots.hash          IS 'The venue''s own sha1 over the book.';
COMMENT ON COLUMN book_snapshots.bids          IS 'Levels [price, size] as strings, highest price first.';
COMMENT ON COLUMN book_snapshots.asks          IS 'Levels [price, size] as strings, lowest price first.';

CREATE VIEW price_tape AS
SELECT
  price_snapshots.ts,
  tokens.token_id,
  tokens.condition_id,
  markets.question,
  tokens.outcome,
  price_snapshots.last_price,
  price_snapshots.best_bid,
  price_snapshots.best_ask,
  price_snapshots.midpoint,
  price_snapshots.best_ask - price_snapshots.best_bid AS spread,
  price_snapshots.volume_24h,
  price_snapshots.seen_at
FROM price_snapshots
JOIN tokens USING (token_key)
LEFT JOIN markets ON markets.condition_id = tokens.condition_id;
COMMENT ON VIEW   price_tape              IS 'Prices of each token, interval by interval, with their market. An interval in which nothing changed may have no row; there is one an hour at least. Filter by ts: that is how prices are stored.';
COMMENT ON COLUMN price_tape.ts           IS 'Start of the interval.';
COMMENT ON COLUMN price_tape.token_id     IS 'Token.';
COMMENT ON COLUMN price_tape.condition_id IS 'Market of the token.';
COMMENT ON COLUMN price_tape.question     IS 'What the market asks; null until its document has come.';
COMMENT ON COLUMN price_tape.outcome      IS 'Outcome that the token pays for; null until the market''s document has come.';
COMMENT ON COLUMN price_tape.last_price   IS 'Price of the last trade, whenever that was; null when the venue told none.';
COMMENT ON COLUMN price_tape.best_bid     IS 'Highest price that is bid; null without bids.';
COMMENT ON COLUMN price_tape.best_ask     IS 'Lowest price that is asked; null without asks.';
COMMENT ON COLUMN price_tape.midpoint     IS 'Half of the sum of both; null where a side has no orders.';
COMMENT ON COLUMN price_tape.spread       IS 'Best ask less best bid; null where a side has no orders.';
COMMENT ON COLUMN price_tape.volume_24h   IS 'Traded on the whole market in the last 24 hours by the venue''s count, in collateral; some hours old.';
COMMENT ON COLUMN price_tape.seen_at      IS 'When the venue''s answer came, by our clock.';

CREATE VIEW book_tape AS
SELECT
  book_snapshots.ts,
  tokens.token_id,
  tokens.condition_id,
  markets.question,
  tokens.outcome,
  book_snapshots.best_bid,
  book_snapshots.best_ask,
  book_snapshots.spread,
  book_snapshots.midpoint,
  book_snapshots.bids,
  book_snapshots.asks,
  book_snapshots.tick_size,
  book_snapshots.exchange_at,
  book_snapshots.seen_at,
  book_snapshots.seen_at - book_snapshots.exchange_at AS age,
  encode(book_snapshots.hash, 'hex') AS hash,
  book_snapshots.is_hash_right
FROM book_snapshots
JOIN tokens USING (token_key)
LEFT JOIN markets ON markets.condition_id = tokens.condition_id;
COMMENT ON VIEW   book_tape               IS 'Order books of each token, interval by interval, with their market. Filter by ts: that is how books are stored.';
COMMENT ON COLUMN book_tape.ts            IS 'Start of the interval.';
COMMENT ON COLUMN book_tape.token_id      IS 'Token.';
COMMENT ON COLUMN book_tape.condition_id  IS 'Market of the token.';
COMMENT ON COLUMN book_tape.question      IS 'What the market asks; null until its document has come.';
COMMENT ON COLUMN book_tape.outcome       IS 'Outcome that the token pays for; null until the market''s document has come.';
COMMENT ON COLUMN book_tape.best_bid      IS 'Highest price that is bid; null without bids.';
COMMENT ON COLUMN book_tape.best_ask      IS 'Lowest price that is asked; null without asks.';
COMMENT ON COLUMN book_tape.spread        IS 'Best ask less best bid, below 0 in a crossed book; null where a side has no orders.';
COMMENT ON COLUMN book_tape.midpoint      IS 'Half of the sum of both; null where a side has no orders.';
COMMENT ON COLUMN book_tape.bids          IS 'All levels [price, size] as strings, highest price first.';
COMMENT ON COLUMN book_tape.asks          IS 'All levels [price, size] as strings, lowest price first.';
COMMENT ON COLUMN book_tape.tick_size     IS 'Prices are multiples of it.';
COMMENT ON COLUMN book_tape.exchange_at   IS 'When the venue made the book, by its clock: when it last changed.';
COMMENT ON COLUMN book_tape.seen_at       IS 'When the venue''s answer came, by our clock.';
COMMENT ON COLUMN book_tape.age           IS 'How old the book was then: the time since its last change, and whatever the venue''s answer was late. The two clocks may differ by a little.';
COMMENT ON COLUMN book_tape.hash          IS 'The venue''s own sha1 over the book, in hex.';
COMMENT ON COLUMN book_tape.is_hash_right IS 'Whether that is the hash of what was received; null where none came.';
