-- The tables. Rows come from the streams alone, so a database can be made again from them.

-- Where reading stands, and what went wrong on the way -------------------------------------------------------------

CREATE TABLE stream_positions (
  stream            text        NOT NULL PRIMARY KEY,
  stream_created_at text        NOT NULL,
  sequence          bigint      NOT NULL,
  message_at        timestamptz,
  message_id        text,
  moved_at          timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE  stream_positions                   IS 'How far this database has stored each stream. A position moves only in the transaction that stores the rows of its messages.';
COMMENT ON COLUMN stream_positions.stream            IS 'Name of the JetStream stream.';
COMMENT ON COLUMN stream_positions.stream_created_at IS 'When the stream was created, as the broker writes it. A stream that was deleted and created again has another time, and counts its messages from 1 again.';
COMMENT ON COLUMN stream_positions.sequence          IS 'Stream sequence of the last stored message. Reading continues after it.';
COMMENT ON COLUMN stream_positions.message_at        IS 'When the broker stored that message; null if unknown.';
COMMENT ON COLUMN stream_positions.message_id        IS 'Nats-Msg-Id of that message. It shows whether the broker lost or replaced the end of the stream.';
COMMENT ON COLUMN stream_positions.moved_at          IS 'When the position moved, by the clock of this server.';

CREATE TABLE losses (
  loss_id                integer     NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  stream                 text        NOT NULL,
  kind                   text        NOT NULL,
  from_stream_created_at text,
  from_sequence          bigint,
  from_at                timestamptz,
  to_stream_created_at   text,
  to_sequence            bigint,
  to_at                  timestamptz,
  detail                 text        NOT NULL,
  noticed_at             timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE  losses                        IS 'Where a stream did not hold what the position of this database promised: messages were lost, or may have been lost, between broker and database.';
COMMENT ON COLUMN losses.loss_id                IS 'Number of the loss in this database.';
COMMENT ON COLUMN losses.stream                 IS 'Stream with the loss.';
COMMENT ON COLUMN losses.kind                   IS 'expired_unread, tail_lost or stream_replaced.';
COMMENT ON COLUMN losses.from_stream_created_at IS 'When the stream of the old position was created; null when there was no position.';
COMMENT ON COLUMN losses.from_sequence          IS 'Sequence of the old position.';
COMMENT ON COLUMN losses.from_at                IS 'When the broker stored the message at the old position. Nothing before it is affected.';
COMMENT ON COLUMN losses.to_stream_created_at   IS 'When the stream of the new position was created; null when reading starts at the first message.';
COMMENT ON COLUMN losses.to_sequence            IS 'Sequence of the new position: reading continues after it.';
COMMENT ON COLUMN losses.to_at                  IS 'When the broker stored the message at the new position; null if unknown.';
COMMENT ON COLUMN losses.detail                 IS 'What the writer found, in words for the operator.';
COMMENT ON COLUMN losses.noticed_at             IS 'When the writer noticed it, by the clock of this server.';

CREATE TABLE dead_letters (
  stream            text        NOT NULL,
  stream_created_at text        NOT NULL,
  sequence          bigint      NOT NULL,
  stored_at         timestamptz NOT NULL,
  subject           text        NOT NULL,
  message_id        text,
  reason            text        NOT NULL,
  body              bytea       NOT NULL,
  buried_at         timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (stream, stream_created_at, sequence, stored_at)
);
COMMENT ON TABLE  dead_letters                   IS 'Messages that this database refused, whole. A person has to look at them.';
COMMENT ON COLUMN dead_letters.stream            IS 'Stream of the message.';
COMMENT ON COLUMN dead_letters.stream_created_at IS 'When that stream was created, see stream_positions.';
COMMENT ON COLUMN dead_letters.sequence          IS 'Sequence of the message in that stream.';
COMMENT ON COLUMN dead_letters.stored_at         IS 'When the broker stored the message. A stream whose end was lost holds other messages at the same sequences later.';
COMMENT ON COLUMN dead_letters.subject           IS 'Subject of the message.';
COMMENT ON COLUMN dead_letters.message_id        IS 'Nats-Msg-Id of the message.';
COMMENT ON COLUMN dead_letters.reason            IS 'Why the message was refused.';
COMMENT ON COLUMN dead_letters.body              IS 'Body of the message, byte for byte.';
COMMENT ON COLUMN dead_letters.buried_at         IS 'When the writer put the message here, by the clock of this server.';

CREATE TABLE unparsed (
  connection_id text        NOT NULL,
  counter       bigint      NOT NULL,
  received_at   timestamptz NOT NULL,
  reason        text        NOT NULL,
  encoding      text        NOT NULL,
  body          bytea       NOT NULL,
  length_bytes  bigint      NOT NULL,
  sha256        bytea       NOT NULL,
  PRIMARY KEY (connection_id, counter)
);
CREATE INDEX unparsed_received_at ON unparsed (received_at);
COMMENT ON TABLE  unparsed               IS 'What the venue sent and the ingestor could not understand.';
COMMENT ON COLUMN unparsed.connection_id IS 'Connection that it arrived on; for a count of bodies that were not kept, the ingestor.';
COMMENT ON COLUMN unparsed.counter       IS 'Its number on that connection, from 0.';
COMMENT ON COLUMN unparsed.received_at   IS 'When the ingestor received it, by its clock.';
COMMENT ON COLUMN unparsed.reason        IS 'Why the ingestor could not understand it.';
COMMENT ON COLUMN unparsed.encoding      IS 'utf8: it arrived as text, and convert_from(body, ''UTF8'') shows it. base64: it arrived as bytes.';
COMMENT ON COLUMN unparsed.body          IS 'The raw body, cut at 256 KiB.';
COMMENT ON COLUMN unparsed.length_bytes  IS 'Length of the whole body.';
COMMENT ON COLUMN unparsed.sha256        IS 'sha256 over the whole body.';

-- Markets and what happened to them --------------------------------------------------------------------------------

CREATE TABLE markets (
  condition_id     text        NOT NULL PRIMARY KEY,
  version          bigint      NOT NULL,
  gamma_id         text        NOT NULL,
  question         text        NOT NULL,
  slug             text        NOT NULL,
  protocol         text        NOT NULL,
  event_id         text,
  event_slug       text,
  event_title      text,
  category         text,
  tags             text[]      NOT NULL,
  active           boolean     NOT NULL,
  closed           boolean     NOT NULL,
  accepting_orders boolean     NOT NULL,
  neg_risk         boolean     NOT NULL,
  tick_size        numeric,
  size_min         numeric,
  start_at         timestamptz,
  end_at           timestamptz,
  closed_at        timestamptz,
  seen_at          timestamptz NOT NULL,
  group_item_title text,
  question_id      text,
  token_ids        text[],
  outcomes         text[],
  fees_enabled     boolean,
  fee_type         text,
  fee_rate         numeric,
  fee_exponent     numeric,
  fee_taker_only   boolean,
  fee_rebate_rate  numeric,
  volume           numeric,
  volume_24h       numeric,
  liquidity        numeric,
  resolution_state text,
  resolution_step  integer
);
COMMENT ON TABLE  markets                  IS 'The newest document of each market.';
COMMENT ON COLUMN markets.condition_id     IS 'The venue''s id of the market: 0x and hex digits.';
COMMENT ON COLUMN markets.version          IS 'Number of this document among those of the market.';
COMMENT ON COLUMN markets.gamma_id         IS 'Id of the market in the Gamma API.';
COMMENT ON COLUMN markets.question         IS 'What the market asks.';
COMMENT ON COLUMN markets.slug             IS 'Last part of the market''s address on the venue''s site.';
COMMENT ON COLUMN markets.protocol         IS 'Position system of the token ids: v1 (conditional tokens) or v2 (position manager).';
COMMENT ON COLUMN markets.event_id         IS 'Gamma id of the event that the market belongs to.';
COMMENT ON COLUMN markets.event_slug       IS 'Slug of that event.';
COMMENT ON COLUMN markets.event_title      IS 'Title of that event.';
COMMENT ON COLUMN markets.category         IS 'The venue''s category.';
COMMENT ON COLUMN markets.tags             IS 'The venue''s tags.';
COMMENT ON COLUMN markets.active           IS 'Whether the venue calls the market active.';
COMMENT ON COLUMN markets.closed           IS 'Whether the venue calls the market closed.';
COMMENT ON COLUMN markets.accepting_orders IS 'Whether the venue accepts orders.';
COMMENT ON COLUMN markets.neg_risk         IS 'Whether the market belongs to a group in which exactly one market resolves to yes.';
COMMENT ON COLUMN markets.tick_size        IS 'Prices are multiples of the tick size.';
COMMENT ON COLUMN markets.size_min         IS 'Smallest order, in shares.';
COMMENT ON COLUMN markets.start_at         IS 'Start, as announced by the venue.';
COMMENT ON COLUMN markets.end_at           IS 'End, as announced by the venue. A market may trade beyond it.';
COMMENT ON COLUMN markets.closed_at        IS 'When the venue closed the market.';
COMMENT ON COLUMN markets.seen_at          IS 'When the scheduler read this document, by its clock.';
COMMENT ON COLUMN markets.group_item_title IS 'The market''s own title among those of its event.';
COMMENT ON COLUMN markets.question_id      IS 'Id of the question at the oracle.';
COMMENT ON COLUMN markets.token_ids        IS 'Both tokens, in the order of the outcomes.';
COMMENT ON COLUMN markets.outcomes         IS 'The outcome that each of these tokens pays for.';
COMMENT ON COLUMN markets.fees_enabled     IS 'Whether takers pay a fee. This and all other fee columns are null when the venue did not mention fees.';
COMMENT ON COLUMN markets.fee_type         IS 'The venue''s name for the kind of fee.';
COMMENT ON COLUMN markets.fee_rate         IS 'A taker pays fee_rate * (price * (1 - price)) ^ fee_exponent for a share.';
COMMENT ON COLUMN markets.fee_exponent     IS 'See fee_rate.';
COMMENT ON COLUMN markets.fee_taker_only   IS 'Whether makers pay nothing.';
COMMENT ON COLUMN markets.fee_rebate_rate  IS 'Share of the fee that makers receive.';
COMMENT ON COLUMN markets.volume           IS 'Collateral traded so far, as counted by the venue; some hours old.';
COMMENT ON COLUMN markets.volume_24h       IS 'Collateral traded in the last 24 hours, as counted by the venue; some hours old.';
COMMENT ON COLUMN markets.liquidity        IS 'Collateral in resting orders, as counted by the venue; some hours old.';
COMMENT ON COLUMN markets.resolution_state IS 'proposed, disputed, resolved or reopened; null before the first proposal. See resolutions.';
COMMENT ON COLUMN markets.resolution_step  IS 'Number of the last step of its resolution, see resolution_events.';

-- No primary key: LIKE copies the columns and their comments, and a version has a key of its own. The key includes the
-- time because hypertables demand it, and because two leaders may give different documents the same version.
CREATE TABLE market_versions (
  LIKE markets INCLUDING COMMENTS,
  changed text[] NOT NULL
);
CREATE UNIQUE INDEX market_versions_identity ON market_versions (condition_id, version, seen_at);
CREATE INDEX market_versions_seen_at ON market_versions (seen_at);
COMMENT ON TABLE  market_versions         IS 'Every document of every market, whole: the history of the markets.';
COMMENT ON COLUMN market_versions.changed IS 'Columns that differ from the previous version; empty for the first. The columns of tokens, event, fees and resolution are listed together when any of them differs.';

CREATE TABLE tokens (
  token_key     integer  NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  token_id      text     NOT NULL UNIQUE,
  condition_id  text,
  outcome       text,
  outcome_index smallint
);
CREATE INDEX tokens_condition_id ON tokens (condition_id);
COMMENT ON TABLE  tokens               IS 'Outcome tokens. Other tables refer to them by token_key, because a token id has up to 78 digits and would more than double the size of a trade.';
COMMENT ON COLUMN tokens.token_key     IS 'Number of the token in this database only. A database that is made again from the streams may assign another.';
COMMENT ON COLUMN tokens.token_id      IS 'The venue''s id of the token, a decimal number.';
COMMENT ON COLUMN tokens.condition_id  IS 'Market of the token, from the market''s document or, until that arrives, from the token''s first trade.';
COMMENT ON COLUMN tokens.outcome       IS 'Outcome that the token pays for; null until the market''s document arrives.';
COMMENT ON COLUMN tokens.outcome_index IS 'Index of that outcome in the market: 0 or 1.';

CREATE TABLE venue_events (
  ts           timestamptz NOT NULL,
  condition_id text        NOT NULL,
  type         text        NOT NULL,
  token_id     text        NOT NULL,
  received_at  timestamptz NOT NULL,
  detail       jsonb       NOT NULL,
  PRIMARY KEY (condition_id, type, ts, token_id)
);
CREATE INDEX venue_events_ts ON venue_events (ts);
COMMENT ON TABLE  venue_events              IS 'What the market channel reported about markets: new markets, resolved markets, changes of the tick size.';
COMMENT ON COLUMN venue_events.ts           IS 'When it happened, by the venue''s clock.';
COMMENT ON COLUMN venue_events.condition_id IS 'Market that it happened to.';
COMMENT ON COLUMN venue_events.type         IS 'new_market, market_resolved or tick_size_change.';
COMMENT ON COLUMN venue_events.token_id     IS 'Token of a tick_size_change; empty for the other types.';
COMMENT ON COLUMN venue_events.received_at  IS 'When an ingestor first received the report, by its clock.';
COMMENT ON COLUMN venue_events.detail       IS 'The other fields of the message.';

-- The key includes the type: when a leader dies between a step and the market's document, its successor numbers the
-- next step again, and that may be another step.
CREATE TABLE resolution_events (
  condition_id     text        NOT NULL,
  step             integer     NOT NULL,
  type             text        NOT NULL,
  outcome          text,
  winning_token_id text,
  payout_0         numeric,
  payout_1         numeric,
  method           text        NOT NULL,
  exchange_at      timestamptz,
  seen_at          timestamptz NOT NULL,
  evidence         jsonb       NOT NULL,
  PRIMARY KEY (condition_id, step, type)
);
CREATE INDEX resolution_events_ts ON resolution_events (coalesce(exchange_at, seen_at)); -- the time in the view events
COMMENT ON TABLE  resolution_events                  IS 'Every step on every market''s way to settlement, with its evidence. When a step was published more than once, the first one counts.';
COMMENT ON COLUMN resolution_events.condition_id     IS 'Market that takes the step.';
COMMENT ON COLUMN resolution_events.step             IS 'Number of the step in this market, from 1.';
COMMENT ON COLUMN resolution_events.type             IS 'resolution_proposed, resolution_disputed, resolution_resolved or resolution_reopened.';
COMMENT ON COLUMN resolution_events.outcome          IS 'How the market pays out: win0 or win1 (all to the first or second outcome), split (half to each), other (other shares), unknown (void: closed for good, 0 to both); null unless the step is resolution_resolved.';
COMMENT ON COLUMN resolution_events.winning_token_id IS 'Token that won; null when neither or both won.';
COMMENT ON COLUMN resolution_events.payout_0         IS 'What a share of the first outcome pays, in collateral; null when the venue did not say.';
COMMENT ON COLUMN resolution_events.payout_1         IS 'What a share of the second outcome pays, in collateral; null when the venue did not say.';
COMMENT ON COLUMN resolution_events.method           IS 'Source of the step: gamma, data_api or market_resolved (market channel).';
COMMENT ON COLUMN resolution_events.exchange_at      IS 'When it happened, by the venue''s clock; null when the venue did not say.';
COMMENT ON COLUMN resolution_events.seen_at          IS 'When the scheduler saw it, by its clock.';
COMMENT ON COLUMN resolution_events.evidence         IS 'The venue''s own words that led to this step.';

CREATE TABLE resolutions (
  condition_id     text        NOT NULL PRIMARY KEY,
  state            text        NOT NULL,
  outcome          text,
  winning_token_id text,
  payout_0         numeric,
  payout_1         numeric,
  resolved_at      timestamptz,
  seen_at          timestamptz NOT NULL,
  method           text        NOT NULL,
  step             integer     NOT NULL
);
CREATE INDEX resolutions_resolved_at ON resolutions (resolved_at);
COMMENT ON TABLE  resolutions                  IS 'Where each market stands on its way to settlement: its last step. Only the state resolved is settled.';
COMMENT ON COLUMN resolutions.condition_id     IS 'Market.';
COMMENT ON COLUMN resolutions.state            IS 'proposed, disputed, resolved or reopened.';
COMMENT ON COLUMN resolutions.outcome          IS 'How the market paid out: win0 or win1 (all to the first or second outcome), split (half to each), other (other shares), unknown (void: closed for good, 0 to both); null unless resolved.';
COMMENT ON COLUMN resolutions.winning_token_id IS 'Token that won; null when neither or both won, and unless resolved.';
COMMENT ON COLUMN resolutions.payout_0         IS 'What a share of the first outcome pays, in collateral; null unless resolved, and when the venue did not say.';
COMMENT ON COLUMN resolutions.payout_1         IS 'What a share of the second outcome pays, in collateral; null unless resolved, and when the venue did not say.';
COMMENT ON COLUMN resolutions.resolved_at      IS 'When the market was resolved, by the venue''s clock; null unless resolved, and when the venue did not say.';
COMMENT ON COLUMN resolutions.seen_at          IS 'When the scheduler saw the last step, by its clock.';
COMMENT ON COLUMN resolutions.method           IS 'Source of the last step: gamma, data_api or market_resolved (market channel).';
COMMENT ON COLUMN resolutions.step             IS 'Number of the last step, see resolution_events.';

-- Trades -----------------------------------------------------------------------------------------------------------

CREATE TABLE connections (
  connection_key integer NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  connection_id  text    NOT NULL UNIQUE
);
COMMENT ON TABLE  connections                IS 'WebSocket connections that received trades.';
COMMENT ON COLUMN connections.connection_key IS 'Number of the connection in this database only.';
COMMENT ON COLUMN connections.connection_id  IS 'Id that the ingestor gave the connection.';

-- Wide columns come first, so that no padding is needed between them. There are no foreign keys: checking two of them
-- would cost more than inserting the row, and this database assigns the keys and never takes one back.
CREATE TABLE trades (
  ts               timestamptz NOT NULL,
  received_at      timestamptz NOT NULL,
  content          bigint      NOT NULL,
  token_key        integer     NOT NULL,
  connection_key   integer,
  ordinal          smallint    NOT NULL,
  side             "char"      NOT NULL CHECK (side IN ('B', 'S')),
  source           "char"      NOT NULL CHECK (source IN ('w', 'd')),
  price            numeric     NOT NULL,
  size             numeric     NOT NULL,
  fee_rate_bps     numeric,
  transaction_hash bytea
);
-- Time first: new rows land at the right edge of the index, whatever their token.
CREATE UNIQUE INDEX trades_identity ON trades (ts, token_key, content, ordinal);
-- Finds all trades of one token, whenever they happened. It makes inserts take 70 % longer, which is still many times
-- faster than a synced log delivers, and a day a quarter larger; without it such a query reads the whole index of every
-- day (docs/adr/0011). Prices and books need none: they have few distinct times, each with all tokens, and
-- the server skips through those.
CREATE INDEX trades_token ON trades (token_key, ts);
COMMENT ON TABLE  trades                  IS 'Every trade once, packed. Read the view trade_tape.';
COMMENT ON COLUMN trades.ts               IS 'Time of the trade by the venue''s clock, in milliseconds.';
COMMENT ON COLUMN trades.received_at      IS 'When the trade was received, by our clock, in microseconds.';
COMMENT ON COLUMN trades.content          IS 'First 8 bytes of the sha256 over what the venue sent: the identity of a trade, since the venue sends no id.';
COMMENT ON COLUMN trades.token_key        IS 'Token, see tokens.';
COMMENT ON COLUMN trades.connection_key   IS 'Connection that saw the trade first, see connections; null if unknown.';
COMMENT ON COLUMN trades.ordinal          IS 'Number among trades that look the same, from 0.';
COMMENT ON COLUMN trades.side             IS 'Side of the taker: B (buy) or S (sell).';
COMMENT ON COLUMN trades.source           IS 'w: seen live on the market channel (WebSocket). d: fetched later from the Data API.';
COMMENT ON COLUMN trades.price            IS 'Collateral for one share, 0 to 1, exactly as received.';
COMMENT ON COLUMN trades.size             IS 'Shares, exactly as received.';
COMMENT ON COLUMN trades.fee_rate_bps     IS 'Fee rate in basis points; null when the venue sent none.';
COMMENT ON COLUMN trades.transaction_hash IS 'Hash of the settling transaction; null when the venue sent none.';

-- Prices and books -------------------------------------------------------------------------------------------------

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
COMMENT ON COLUMN price_snapshots.ts         IS 'Start of the interval that the snapshot stands for, up to a whole interval before it was seen. To ask what was known at a time, join by seen_at.';
COMMENT ON COLUMN price_snapshots.seen_at    IS 'When the venue''s answer arrived, by our clock.';
COMMENT ON COLUMN price_snapshots.token_key  IS 'Token, see tokens.';
COMMENT ON COLUMN price_snapshots.last_price IS 'Price of the last trade, however old; null when the venue gave none.';
COMMENT ON COLUMN price_snapshots.best_bid   IS 'Highest bid; null without bids.';
COMMENT ON COLUMN price_snapshots.best_ask   IS 'Lowest ask; null without asks.';
COMMENT ON COLUMN price_snapshots.midpoint   IS 'Halfway between best bid and best ask; null when a side has no orders.';
COMMENT ON COLUMN price_snapshots.volume_24h IS 'Collateral traded on the whole market in the last 24 hours, as counted by the venue; some hours old.';

CREATE TABLE book_snapshots (
  ts            timestamptz NOT NULL,
  seen_at       timestamptz NOT NULL,
  exchange_at   timestamptz,
  token_key     integer     NOT NULL,
  hash_matches boolean,
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
COMMENT ON COLUMN book_snapshots.ts            IS 'Start of the interval that the snapshot stands for, up to a whole interval before it was seen. To ask what was known at a time, join by seen_at.';
COMMENT ON COLUMN book_snapshots.seen_at       IS 'When the venue''s answer arrived, by our clock.';
COMMENT ON COLUMN book_snapshots.exchange_at   IS 'When the book last changed, by the venue''s clock; null when the venue did not say.';
COMMENT ON COLUMN book_snapshots.token_key     IS 'Token, see tokens.';
COMMENT ON COLUMN book_snapshots.hash_matches IS 'Whether the venue''s hash matches the received book; null when it sent none.';
COMMENT ON COLUMN book_snapshots.best_bid      IS 'Highest bid; null without bids.';
COMMENT ON COLUMN book_snapshots.best_ask      IS 'Lowest ask; null without asks.';
COMMENT ON COLUMN book_snapshots.spread        IS 'Best ask minus best bid, negative in a crossed book; null when a side has no orders.';
COMMENT ON COLUMN book_snapshots.midpoint      IS 'Halfway between best bid and best ask; null when a side has no orders.';
COMMENT ON COLUMN book_snapshots.tick_size     IS 'Prices are multiples of the tick size.';
COMMENT ON COLUMN book_snapshots.hash          IS 'The venue''s own sha1 over the book.';
COMMENT ON COLUMN book_snapshots.bids          IS 'Levels [price, size] as strings, highest price first.';
COMMENT ON COLUMN book_snapshots.asks          IS 'Levels [price, size] as strings, lowest price first.';
