-- The tape: every trade once, with what it needs to be read, and where each stream has been read to.

CREATE TABLE stream_positions (
  stream       text        NOT NULL PRIMARY KEY,
  incarnation  text        NOT NULL,
  sequence     bigint      NOT NULL,
  message_at   timestamptz,
  message_id   text,
  moved_at     timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE  stream_positions             IS 'How far each stream is in this database. Moved only in the transaction that stores the rows of its messages.';
COMMENT ON COLUMN stream_positions.stream      IS 'Name of the JetStream stream.';
COMMENT ON COLUMN stream_positions.incarnation IS 'Which stream of that name: a stream that was deleted and made again counts its messages from 1 again.';
COMMENT ON COLUMN stream_positions.sequence    IS 'Stream sequence of the last message that is stored here. Reading goes on behind it.';
COMMENT ON COLUMN stream_positions.message_at  IS 'When the broker stored that message; null when it is not known.';
COMMENT ON COLUMN stream_positions.message_id  IS 'Nats-Msg-Id of that message, to recognise a broker that lost or replaced its tail.';
COMMENT ON COLUMN stream_positions.moved_at    IS 'When the position was moved, by the clock of this server.';

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
  seen_at          timestamptz NOT NULL
);
COMMENT ON TABLE  markets                  IS 'The newest document of each market.';
COMMENT ON COLUMN markets.condition_id     IS 'The venue''s id of the market: 0x and hex digits.';
COMMENT ON COLUMN markets.version          IS 'Counts the documents of this market that were published.';
COMMENT ON COLUMN markets.gamma_id         IS 'Id of the market in the Gamma API.';
COMMENT ON COLUMN markets.question         IS 'What the market asks.';
COMMENT ON COLUMN markets.slug             IS 'Last part of the market''s address on the venue''s site.';
COMMENT ON COLUMN markets.protocol         IS 'Position system that the token ids come from: v1 (conditional tokens) or v2 (position manager).';
COMMENT ON COLUMN markets.event_id         IS 'Gamma id of the event that the market belongs to.';
COMMENT ON COLUMN markets.event_slug       IS 'Slug of that event.';
COMMENT ON COLUMN markets.event_title      IS 'Title of that event.';
COMMENT ON COLUMN markets.category         IS 'The venue''s category.';
COMMENT ON COLUMN markets.tags             IS 'The venue''s tags.';
COMMENT ON COLUMN markets.active           IS 'The venue says that the market is active.';
COMMENT ON COLUMN markets.closed           IS 'The venue says that the market is closed.';
COMMENT ON COLUMN markets.accepting_orders IS 'The venue takes orders for it.';
COMMENT ON COLUMN markets.neg_risk         IS 'Part of a group of which exactly one market resolves to yes.';
COMMENT ON COLUMN markets.tick_size        IS 'Prices are multiples of it.';
COMMENT ON COLUMN markets.size_min         IS 'Smallest order, in shares.';
COMMENT ON COLUMN markets.start_at         IS 'Start by the venue.';
COMMENT ON COLUMN markets.end_at           IS 'Announced end; a market may trade on behind it.';
COMMENT ON COLUMN markets.closed_at        IS 'When the venue closed it.';
COMMENT ON COLUMN markets.seen_at          IS 'When this document was read, by our clock.';

CREATE TABLE tokens (
  token_key     integer  NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  token_id      text     NOT NULL UNIQUE,
  condition_id  text,
  outcome       text,
  outcome_index smallint
);
CREATE INDEX tokens_condition_id ON tokens (condition_id);
COMMENT ON TABLE  tokens               IS 'Outcome tokens. Rows elsewhere carry token_key: a token id has up to 78 digits and would more than double a trade.';
COMMENT ON COLUMN tokens.token_key     IS 'Number of the token in this database only; a database rebuilt from the streams may give another.';
COMMENT ON COLUMN tokens.token_id      IS 'The venue''s id of the token, a decimal number.';
COMMENT ON COLUMN tokens.condition_id  IS 'Market of the token: from its document, and until that has come from its first trade.';
COMMENT ON COLUMN tokens.outcome       IS 'Outcome that the token pays for; null until the market''s document has come.';
COMMENT ON COLUMN tokens.outcome_index IS 'Index of that outcome in the market: 0 or 1.';

CREATE TABLE connections (
  connection_key integer NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  connection_id  text    NOT NULL UNIQUE
);
COMMENT ON TABLE  connections                IS 'WebSocket connections that trades were seen on.';
COMMENT ON COLUMN connections.connection_key IS 'Number of the connection in this database only.';
COMMENT ON COLUMN connections.connection_id  IS 'Id that the ingestor gave the connection.';

-- Wide columns first, so that no padding stands between them. No foreign keys: a check for each row and key would cost
-- more than the row, and keys are only handed out by this database and never taken back.
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
-- Time first: new rows land at the right edge, whatever their token.
CREATE UNIQUE INDEX trades_identity ON trades (ts, token_key, content, ordinal);
COMMENT ON TABLE  trades                  IS 'Every trade once, packed. Read the view trade_tape.';
COMMENT ON COLUMN trades.ts               IS 'Time of the trade by the venue''s clock, in milliseconds.';
COMMENT ON COLUMN trades.received_at      IS 'When it was received, by our clock, in microseconds.';
COMMENT ON COLUMN trades.content          IS 'First 8 bytes of the sha256 over what the venue sent: the identity of a trade that carries no id.';
COMMENT ON COLUMN trades.token_key        IS 'Token, see tokens.';
COMMENT ON COLUMN trades.connection_key   IS 'Connection that saw it first, see connections; null when it is not known.';
COMMENT ON COLUMN trades.ordinal          IS 'Number among fills that look the same, from 0.';
COMMENT ON COLUMN trades.side             IS 'The taker''s side: B (buy) or S (sell).';
COMMENT ON COLUMN trades.source           IS 'w: market channel (WebSocket); d: fetched afterwards from the Data API.';
COMMENT ON COLUMN trades.price            IS 'Collateral for one share, 0 to 1, exactly as received.';
COMMENT ON COLUMN trades.size             IS 'Shares, exactly as received.';
COMMENT ON COLUMN trades.fee_rate_bps     IS 'Fee rate in basis points; null when the venue said none.';
COMMENT ON COLUMN trades.transaction_hash IS 'Hash of the settling transaction; null in feeds that carry none.';

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
COMMENT ON VIEW   trade_tape                  IS 'Every recorded trade with its market. Filter by ts: that is how trades are stored.';
COMMENT ON COLUMN trade_tape.ts               IS 'Time of the trade by the venue''s clock.';
COMMENT ON COLUMN trade_tape.token_id         IS 'Token that was traded.';
COMMENT ON COLUMN trade_tape.condition_id     IS 'Market of the token.';
COMMENT ON COLUMN trade_tape.question         IS 'What the market asks; null until its document has come.';
COMMENT ON COLUMN trade_tape.outcome          IS 'Outcome that the token pays for; null until the market''s document has come.';
COMMENT ON COLUMN trade_tape.side             IS 'The taker''s side: BUY or SELL.';
COMMENT ON COLUMN trade_tape.price            IS 'Collateral for one share, 0 to 1.';
COMMENT ON COLUMN trade_tape.size             IS 'Shares.';
COMMENT ON COLUMN trade_tape.fee_rate_bps     IS 'Fee rate in basis points; null when the venue said none.';
COMMENT ON COLUMN trade_tape.transaction_hash IS 'Hash of the settling transaction: 0x and hex digits; null in feeds that carry none.';
COMMENT ON COLUMN trade_tape.received_at      IS 'When the trade was received, by our clock.';
COMMENT ON COLUMN trade_tape.source           IS 'websocket (seen live) or data_api (fetched afterwards).';
COMMENT ON COLUMN trade_tape.connection_id    IS 'Connection that saw it first.';
COMMENT ON COLUMN trade_tape.trade_id         IS 'Identity of the trade, unique together with token and time: hash of its content, and its number among fills that look the same.';

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
COMMENT ON TABLE  unparsed               IS 'What arrived from the venue and could not be understood.';
COMMENT ON COLUMN unparsed.connection_id IS 'Connection that it came on.';
COMMENT ON COLUMN unparsed.counter       IS 'Its number on that connection, from 0.';
COMMENT ON COLUMN unparsed.received_at   IS 'When it was received, by our clock.';
COMMENT ON COLUMN unparsed.reason        IS 'Why it could not be understood.';
COMMENT ON COLUMN unparsed.encoding      IS 'utf8: it came as text, convert_from(body, ''UTF8'') shows it; base64: it came as bytes.';
COMMENT ON COLUMN unparsed.body          IS 'The raw body, cut at 256 KiB.';
COMMENT ON COLUMN unparsed.length_bytes  IS 'Length of the whole body.';
COMMENT ON COLUMN unparsed.sha256        IS 'sha256 over the whole body.';

CREATE TABLE dead_letters (
  stream      text        NOT NULL,
  incarnation text        NOT NULL,
  sequence    bigint      NOT NULL,
  stored_at   timestamptz,
  subject     text        NOT NULL,
  message_id  text,
  reason      text        NOT NULL,
  body        bytea       NOT NULL,
  buried_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (stream, incarnation, sequence)
);
COMMENT ON TABLE  dead_letters             IS 'Messages that this database refused, whole: a person has to look at them.';
COMMENT ON COLUMN dead_letters.stream      IS 'Stream of the message.';
COMMENT ON COLUMN dead_letters.incarnation IS 'Which stream of that name, see stream_positions.';
COMMENT ON COLUMN dead_letters.sequence    IS 'Sequence of the message in that stream.';
COMMENT ON COLUMN dead_letters.stored_at   IS 'When the broker stored it.';
COMMENT ON COLUMN dead_letters.subject     IS 'Its subject.';
COMMENT ON COLUMN dead_letters.message_id  IS 'Its Nats-Msg-Id.';
COMMENT ON COLUMN dead_letters.reason      IS 'Why it was refused.';
COMMENT ON COLUMN dead_letters.body        IS 'Its body, byte for byte.';
COMMENT ON COLUMN dead_letters.buried_at   IS 'When it was put here, by the clock of this server.';

CREATE TABLE losses (
  loss_id          integer     NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  stream           text        NOT NULL,
  kind             text        NOT NULL,
  from_incarnation text,
  from_sequence    bigint,
  from_at          timestamptz,
  to_incarnation   text,
  to_sequence      bigint,
  to_at            timestamptz,
  detail           text        NOT NULL,
  noticed_at       timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE  losses                  IS 'Where a stream did not hold what this database expected of it: messages were, or may have been, lost between broker and database.';
COMMENT ON COLUMN losses.loss_id          IS 'Number of the loss in this database.';
COMMENT ON COLUMN losses.stream           IS 'Stream that it happened to.';
COMMENT ON COLUMN losses.kind             IS 'expired_unread, tail_lost or stream_replaced.';
COMMENT ON COLUMN losses.from_incarnation IS 'Incarnation of the stream at the position that was held; null when there was none.';
COMMENT ON COLUMN losses.from_sequence    IS 'Sequence of that position.';
COMMENT ON COLUMN losses.from_at          IS 'When the broker stored the message there: nothing before it is affected.';
COMMENT ON COLUMN losses.to_incarnation   IS 'Incarnation at the position that reading goes on from; null when from the first message.';
COMMENT ON COLUMN losses.to_sequence      IS 'Sequence of that position.';
COMMENT ON COLUMN losses.to_at            IS 'When the broker stored the message there; null when it is not known.';
COMMENT ON COLUMN losses.detail           IS 'What was found, in words for the operator.';
COMMENT ON COLUMN losses.noticed_at       IS 'When it was noticed, by the clock of this server.';
