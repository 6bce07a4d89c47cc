-- The views that people query: rows with their token and market spelled out.

CREATE VIEW trade_tape AS
SELECT
  trades.ts,
  tokens.token_id,
  tokens.condition_id,
  markets.question,
  tokens.outcome,
  CASE trades.side WHEN 'B' THEN 'BUY' ELSE 'SELL' END AS side,
  trades.price,
  trades.size,
  trades.fee_rate_bps,
  '0x' || encode(trades.transaction_hash, 'hex') AS transaction_hash,
  trades.received_at,
  CASE trades.source WHEN 'w' THEN 'websocket' ELSE 'data_api' END AS source,
  connections.connection_id,
  lpad(to_hex(trades.content), 16, '0') || '-' || trades.ordinal AS trade_id
FROM trades
JOIN tokens USING (token_key)
LEFT JOIN markets ON markets.condition_id = tokens.condition_id
LEFT JOIN connections ON connections.connection_key = trades.connection_key;
COMMENT ON VIEW   trade_tape                  IS 'Every recorded trade with its market. Filter by ts: trades are stored by time.';
COMMENT ON COLUMN trade_tape.ts               IS 'Time of the trade by the venue''s clock.';
COMMENT ON COLUMN trade_tape.token_id         IS 'Token that was traded.';
COMMENT ON COLUMN trade_tape.condition_id     IS 'Market of the token.';
COMMENT ON COLUMN trade_tape.question         IS 'What the market asks; null until its document arrives.';
COMMENT ON COLUMN trade_tape.outcome          IS 'Outcome that the token pays for; null until the market''s document arrives.';
COMMENT ON COLUMN trade_tape.side             IS 'Side of the taker: BUY or SELL.';
COMMENT ON COLUMN trade_tape.price            IS 'Collateral for one share, 0 to 1.';
COMMENT ON COLUMN trade_tape.size             IS 'Shares.';
COMMENT ON COLUMN trade_tape.fee_rate_bps     IS 'Fee rate in basis points; null when the venue sent none.';
COMMENT ON COLUMN trade_tape.transaction_hash IS 'Hash of the settling transaction: 0x and hex digits; null when the venue sent none.';
COMMENT ON COLUMN trade_tape.received_at      IS 'When the trade was received, by our clock.';
COMMENT ON COLUMN trade_tape.source           IS 'websocket (seen live) or data_api (fetched later).';
COMMENT ON COLUMN trade_tape.connection_id    IS 'Connection that saw the trade first.';
COMMENT ON COLUMN trade_tape.trade_id         IS 'Identity of the trade, unique together with token and time: the hash of its content, and its number among trades that look the same.';

-- The venue sends no trade id, so a second trade with the same content may be a second fill or a frame sent twice. Both
-- are kept (nothing observed is lost), and listed here for an audit.
CREATE VIEW suspected_repeats AS
SELECT
  repeat.ts,
  tokens.token_id,
  tokens.condition_id,
  markets.question,
  tokens.outcome,
  CASE repeat.side WHEN 'B' THEN 'BUY' ELSE 'SELL' END AS side,
  repeat.price,
  repeat.size,
  '0x' || encode(repeat.transaction_hash, 'hex') AS transaction_hash,
  repeat.received_at,
  connections.connection_id,
  lpad(to_hex(repeat.content), 16, '0') || '-' || repeat.ordinal AS trade_id,
  lpad(to_hex(first.content), 16, '0') || '-' || first.ordinal AS first_trade_id,
  first.received_at AS first_received_at,
  first_connections.connection_id AS first_connection_id,
  repeat.received_at - first.received_at AS delay
FROM trades AS repeat
JOIN tokens USING (token_key)
LEFT JOIN markets ON markets.condition_id = tokens.condition_id
LEFT JOIN connections ON connections.connection_key = repeat.connection_key
LEFT JOIN LATERAL (
  SELECT *
  FROM trades
  WHERE trades.ts = repeat.ts AND trades.token_key = repeat.token_key AND trades.content = repeat.content AND trades.ordinal = 0
  LIMIT 1 -- at most one matches; LIMIT makes PostgreSQL look up each by itself, in its own chunk
) AS first ON true
LEFT JOIN connections AS first_connections ON first_connections.connection_key = first.connection_key
WHERE repeat.ordinal > 0;
COMMENT ON VIEW   suspected_repeats                     IS 'Trades that look exactly like an earlier one, in time, price, size, side and transaction: several fills of one transaction, or a frame that the venue sent twice. Filter by ts: trades are stored by time.';
COMMENT ON COLUMN suspected_repeats.ts                  IS 'Time of both trades by the venue''s clock.';
COMMENT ON COLUMN suspected_repeats.token_id            IS 'Token that was traded.';
COMMENT ON COLUMN suspected_repeats.condition_id        IS 'Market of the token.';
COMMENT ON COLUMN suspected_repeats.question            IS 'What the market asks; null until its document arrives.';
COMMENT ON COLUMN suspected_repeats.outcome             IS 'Outcome that the token pays for; null until the market''s document arrives.';
COMMENT ON COLUMN suspected_repeats.side                IS 'Side of the taker: BUY or SELL.';
COMMENT ON COLUMN suspected_repeats.price               IS 'Collateral for one share, 0 to 1.';
COMMENT ON COLUMN suspected_repeats.size                IS 'Shares, of each of the two trades.';
COMMENT ON COLUMN suspected_repeats.transaction_hash    IS 'Hash of the settling transaction: 0x and hex digits; null when the venue sent none.';
COMMENT ON COLUMN suspected_repeats.received_at         IS 'When this trade was received, by our clock.';
COMMENT ON COLUMN suspected_repeats.connection_id       IS 'Connection that saw this trade first.';
COMMENT ON COLUMN suspected_repeats.trade_id            IS 'Identity of this trade, as in trade_tape.';
COMMENT ON COLUMN suspected_repeats.first_trade_id      IS 'Identity of the first trade that looks the same. This and the columns of that trade are null when the tape does not have it.';
COMMENT ON COLUMN suspected_repeats.first_received_at   IS 'When that trade was received, by our clock.';
COMMENT ON COLUMN suspected_repeats.first_connection_id IS 'Connection that saw that trade first.';
COMMENT ON COLUMN suspected_repeats.delay               IS 'Time between the two. Fills of one transaction arrive together; a long delay suggests a frame sent twice.';

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
COMMENT ON VIEW   price_tape              IS 'Prices of each token, interval by interval, with their market. An interval in which nothing changed may have no row, but there is one an hour at least. Filter by ts: prices are stored by time.';
COMMENT ON COLUMN price_tape.ts           IS 'Start of the interval that the snapshot stands for, up to a whole interval before it was seen. To ask what was known at a time, join by seen_at.';
COMMENT ON COLUMN price_tape.token_id     IS 'Token.';
COMMENT ON COLUMN price_tape.condition_id IS 'Market of the token.';
COMMENT ON COLUMN price_tape.question     IS 'What the market asks; null until its document arrives.';
COMMENT ON COLUMN price_tape.outcome      IS 'Outcome that the token pays for; null until the market''s document arrives.';
COMMENT ON COLUMN price_tape.last_price   IS 'Price of the last trade, however old; null when the venue gave none.';
COMMENT ON COLUMN price_tape.best_bid     IS 'Highest bid; null without bids.';
COMMENT ON COLUMN price_tape.best_ask     IS 'Lowest ask; null without asks.';
COMMENT ON COLUMN price_tape.midpoint     IS 'Halfway between best bid and best ask; null when a side has no orders.';
COMMENT ON COLUMN price_tape.spread       IS 'Best ask minus best bid; null when a side has no orders.';
COMMENT ON COLUMN price_tape.volume_24h   IS 'Collateral traded on the whole market in the last 24 hours, as counted by the venue; some hours old.';
COMMENT ON COLUMN price_tape.seen_at      IS 'When the venue''s answer arrived, by our clock.';

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
  book_snapshots.hash_matches
FROM book_snapshots
JOIN tokens USING (token_key)
LEFT JOIN markets ON markets.condition_id = tokens.condition_id;
COMMENT ON VIEW   book_tape               IS 'Order books of each token, interval by interval, with their market. Filter by ts: books are stored by time.';
COMMENT ON COLUMN book_tape.ts            IS 'Start of the interval that the snapshot stands for, up to a whole interval before it was seen. To ask what was known at a time, join by seen_at.';
COMMENT ON COLUMN book_tape.token_id      IS 'Token.';
COMMENT ON COLUMN book_tape.condition_id  IS 'Market of the token.';
COMMENT ON COLUMN book_tape.question      IS 'What the market asks; null until its document arrives.';
COMMENT ON COLUMN book_tape.outcome       IS 'Outcome that the token pays for; null until the market''s document arrives.';
COMMENT ON COLUMN book_tape.best_bid      IS 'Highest bid; null without bids.';
COMMENT ON COLUMN book_tape.best_ask      IS 'Lowest ask; null without asks.';
COMMENT ON COLUMN book_tape.spread        IS 'Best ask minus best bid, negative in a crossed book; null when a side has no orders.';
COMMENT ON COLUMN book_tape.midpoint      IS 'Halfway between best bid and best ask; null when a side has no orders.';
COMMENT ON COLUMN book_tape.bids          IS 'All levels [price, size] as strings, highest price first.';
COMMENT ON COLUMN book_tape.asks          IS 'All levels [price, size] as strings, lowest price first.';
COMMENT ON COLUMN book_tape.tick_size     IS 'Prices are multiples of the tick size.';
COMMENT ON COLUMN book_tape.exchange_at   IS 'When the book last changed, by the venue''s clock.';
COMMENT ON COLUMN book_tape.seen_at       IS 'When the venue''s answer arrived, by our clock.';
COMMENT ON COLUMN book_tape.age           IS 'How old the book was when it was seen: the time since its last change plus the delay of the answer. The two clocks may differ slightly.';
COMMENT ON COLUMN book_tape.hash          IS 'The venue''s own sha1 over the book, in hex.';
COMMENT ON COLUMN book_tape.hash_matches IS 'Whether the venue''s hash matches the received book; null when it sent none.';

CREATE VIEW events AS
SELECT ts, condition_id, type, nullif(token_id, '') AS token_id, received_at AS seen_at, detail
FROM venue_events
UNION ALL
SELECT
  coalesce(exchange_at, seen_at), condition_id, type, NULL, seen_at,
  jsonb_build_object(
    'step', step, 'outcome', outcome, 'winningTokenId', winning_token_id,
    'payouts', CASE WHEN payout_0 IS NOT NULL THEN jsonb_build_array(payout_0::text, payout_1::text) END,
    'method', method, 'evidence', evidence
  )
FROM resolution_events
UNION ALL
SELECT seen_at, condition_id, 'market_changed', NULL, seen_at, jsonb_build_object('version', version, 'changed', changed)
FROM market_versions;
COMMENT ON VIEW   events              IS 'Everything that happened to markets: venue_events, resolution_events and market_versions in one.';
COMMENT ON COLUMN events.ts           IS 'When it happened, by the venue''s clock, or by ours where the venue did not say.';
COMMENT ON COLUMN events.condition_id IS 'Market that it happened to.';
COMMENT ON COLUMN events.type         IS 'new_market, market_resolved, tick_size_change, resolution_proposed, resolution_disputed, resolution_resolved, resolution_reopened or market_changed.';
COMMENT ON COLUMN events.token_id     IS 'Token of a tick_size_change; null for the other types.';
COMMENT ON COLUMN events.seen_at      IS 'When it was seen, by our clock.';
COMMENT ON COLUMN events.detail       IS 'All other fields. A market_changed has the version and the names of the changed columns; the document is in market_versions.';

CREATE VIEW market_resolutions AS
SELECT
  resolutions.condition_id,
  markets.question,
  markets.slug,
  resolutions.state,
  resolutions.outcome,
  markets.outcomes[array_position(markets.token_ids, resolutions.winning_token_id)] AS winner,
  resolutions.winning_token_id,
  resolutions.payout_0,
  resolutions.payout_1,
  resolutions.resolved_at,
  markets.closed_at,
  resolutions.seen_at,
  resolutions.method,
  resolutions.step
FROM resolutions
LEFT JOIN markets USING (condition_id);
COMMENT ON VIEW   market_resolutions                  IS 'Where each market stands on its way to settlement, with its question. A market appears with its first proposal.';
COMMENT ON COLUMN market_resolutions.condition_id     IS 'Market.';
COMMENT ON COLUMN market_resolutions.question         IS 'What the market asks; null until its document arrives.';
COMMENT ON COLUMN market_resolutions.slug             IS 'Last part of the market''s address on the venue''s site.';
COMMENT ON COLUMN market_resolutions.state            IS 'proposed, disputed, resolved or reopened; only resolved is settled.';
COMMENT ON COLUMN market_resolutions.outcome          IS 'How the market paid out: win0 or win1 (all to the first or second outcome), split (half to each), other (other shares), unknown (void: closed for good, 0 to both); null unless resolved.';
COMMENT ON COLUMN market_resolutions.winner           IS 'Name of the outcome that won; null when neither or both won.';
COMMENT ON COLUMN market_resolutions.winning_token_id IS 'Token that won; null when neither or both won.';
COMMENT ON COLUMN market_resolutions.payout_0         IS 'What a share of the first outcome pays, in collateral.';
COMMENT ON COLUMN market_resolutions.payout_1         IS 'What a share of the second outcome pays, in collateral.';
COMMENT ON COLUMN market_resolutions.resolved_at      IS 'When the market was resolved, by the venue''s clock.';
COMMENT ON COLUMN market_resolutions.closed_at        IS 'When the venue closed the market.';
COMMENT ON COLUMN market_resolutions.seen_at          IS 'When the scheduler saw the last step, by its clock.';
COMMENT ON COLUMN market_resolutions.method           IS 'Source of the last step: gamma, data_api or market_resolved.';
COMMENT ON COLUMN market_resolutions.step             IS 'Number of the last step.';
