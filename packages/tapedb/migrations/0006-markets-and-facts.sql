-- All of a market's document, its history, and what happened to it.

ALTER TABLE markets
  ADD COLUMN group_item_title text,
  ADD COLUMN question_id      text,
  ADD COLUMN token_ids        text[],
  ADD COLUMN outcomes         text[],
  ADD COLUMN fees_enabled     boolean,
  ADD COLUMN fee_type         text,
  ADD COLUMN fee_rate         numeric,
  ADD COLUMN fee_exponent     numeric,
  ADD COLUMN fee_taker_only   boolean,
  ADD COLUMN fee_rebate_rate  numeric,
  ADD COLUMN volume           numeric,
  ADD COLUMN volume_24h       numeric,
  ADD COLUMN liquidity        numeric,
  ADD COLUMN resolution_state text,
  ADD COLUMN resolution_step  integer;
COMMENT ON COLUMN markets.group_item_title IS 'The market''s own title among those of its event.';
COMMENT ON COLUMN markets.question_id      IS 'Id of the question at the oracle.';
COMMENT ON COLUMN markets.token_ids        IS 'Both tokens, in the order of the outcomes.';
COMMENT ON COLUMN markets.outcomes         IS 'What each of these tokens pays for.';
COMMENT ON COLUMN markets.fees_enabled     IS 'Takers pay a fee. Null, as all columns of fees, when the venue said nothing of fees.';
COMMENT ON COLUMN markets.fee_type         IS 'The venue''s name for the kind of fee.';
COMMENT ON COLUMN markets.fee_rate         IS 'A taker pays fee_rate * (price * (1 - price)) ^ fee_exponent for a share.';
COMMENT ON COLUMN markets.fee_exponent     IS 'See fee_rate.';
COMMENT ON COLUMN markets.fee_taker_only   IS 'Makers pay nothing.';
COMMENT ON COLUMN markets.fee_rebate_rate  IS 'Share of the fee that makers get.';
COMMENT ON COLUMN markets.volume           IS 'Traded so far by the venue''s count, in collateral; some hours old.';
COMMENT ON COLUMN markets.volume_24h       IS 'Traded in the last 24 hours by the venue''s count, in collateral; some hours old.';
COMMENT ON COLUMN markets.liquidity        IS 'Resting orders by the venue''s count, in collateral; some hours old.';
COMMENT ON COLUMN markets.resolution_state IS 'proposed, disputed, resolved or reopened; null while nothing was proposed. See resolutions.';
COMMENT ON COLUMN markets.resolution_step  IS 'How many steps its resolution has had, see resolution_events.';

-- No key: market_versions takes its own. LIKE copies the comments too.
CREATE TABLE market_versions (
  LIKE markets INCLUDING COMMENTS,
  changed text[] NOT NULL
);
-- The time stands in the key for hypertables' sake, and because a version may be counted twice by two leaders.
CREATE UNIQUE INDEX market_versions_identity ON market_versions (condition_id, version, seen_at);
CREATE INDEX market_versions_seen_at ON market_versions (seen_at);
COMMENT ON TABLE  market_versions         IS 'Every document of each market, whole: the history of markets.';
COMMENT ON COLUMN market_versions.changed IS 'Names of the document''s fields that differ from the version before; empty for the first.';

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
COMMENT ON TABLE  venue_events              IS 'What the market channel told of markets: new ones, resolved ones, changes of the tick size.';
COMMENT ON COLUMN venue_events.ts           IS 'When it happened, by the venue''s clock.';
COMMENT ON COLUMN venue_events.condition_id IS 'Market that it happened to.';
COMMENT ON COLUMN venue_events.type         IS 'new_market, market_resolved or tick_size_change.';
COMMENT ON COLUMN venue_events.token_id     IS 'Token of a tick_size_change; empty for the others.';
COMMENT ON COLUMN venue_events.received_at  IS 'When it was first heard of, by our clock.';
COMMENT ON COLUMN venue_events.detail       IS 'All else that the message of the log says.';

-- The type stands in the key, too: a leader that died before the market's document was published is followed by one
-- that counts the same step again, and by then it may be another one.
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
-- As the view events has its time.
CREATE INDEX resolution_events_ts ON resolution_events (coalesce(exchange_at, seen_at));
COMMENT ON TABLE  resolution_events                  IS 'Every step of every market on its way to be settled, with its evidence. Where a step was told more than once, the first stands.';
COMMENT ON COLUMN resolution_events.condition_id     IS 'Market that takes the step.';
COMMENT ON COLUMN resolution_events.step             IS 'Counts the steps of this market, from 1.';
COMMENT ON COLUMN resolution_events.type             IS 'resolution_proposed, resolution_disputed, resolution_resolved or resolution_reopened.';
COMMENT ON COLUMN resolution_events.outcome          IS 'Of a resolved one: win0, win1, split, other or unknown.';
COMMENT ON COLUMN resolution_events.winning_token_id IS 'Token that won; null where nobody or both did.';
COMMENT ON COLUMN resolution_events.payout_0         IS 'What a share of the first outcome pays, in collateral; null where the venue did not say.';
COMMENT ON COLUMN resolution_events.payout_1         IS 'What a share of the second outcome pays.';
COMMENT ON COLUMN resolution_events.method           IS 'Where it is known from: gamma, data_api or market_resolved (market channel).';
COMMENT ON COLUMN resolution_events.exchange_at      IS 'When it was, by the venue''s clock; null where it did not say.';
COMMENT ON COLUMN resolution_events.seen_at          IS 'When it was seen, by our clock.';
COMMENT ON COLUMN resolution_events.evidence         IS 'The venue''s own words that led to it.';

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
COMMENT ON TABLE  resolutions                  IS 'Where each market stands on its way to be settled: its last step. Settled are those in the state resolved.';
COMMENT ON COLUMN resolutions.condition_id     IS 'Market.';
COMMENT ON COLUMN resolutions.state            IS 'proposed, disputed, resolved or reopened.';
COMMENT ON COLUMN resolutions.outcome          IS 'How it paid out: win0, win1, split (half to each), other (other shares), unknown (closed for good, 0 to both); null unless resolved.';
COMMENT ON COLUMN resolutions.winning_token_id IS 'Token that won; null where nobody or both did, and unless resolved.';
COMMENT ON COLUMN resolutions.payout_0         IS 'What a share of the first outcome pays, in collateral; null unless resolved, and where the venue did not say.';
COMMENT ON COLUMN resolutions.payout_1         IS 'What a share of the second outcome pays.';
COMMENT ON COLUMN resolutions.resolved_at      IS 'When it was resolved, by the venue''s clock; null unless resolved, and where the venue did not say.';
COMMENT ON COLUMN resolutions.seen_at          IS 'When the last step was seen, by our clock.';
COMMENT ON COLUMN resolutions.method           IS 'Where the last step is known from: gamma, data_api or market_resolved (market channel).';
COMMENT ON COLUMN resolutions.step             IS 'Number of the last step, see resolution_events.';

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
COMMENT ON COLUMN events.ts           IS 'When it happened, by the venue''s clock, and where that is not known by ours.';
COMMENT ON COLUMN events.condition_id IS 'Market that it happened to.';
COMMENT ON COLUMN events.type         IS 'new_market, market_resolved, tick_size_change, resolution_proposed, resolution_disputed, resolution_resolved, resolution_reopened or market_changed.';
COMMENT ON COLUMN events.token_id     IS 'Token of a tick_size_change; null for the others.';
COMMENT ON COLUMN events.seen_at      IS 'When it was seen, by our clock.';
COMMENT ON COLUMN events.detail       IS 'What else is known of it. Of market_changed the version and the names of the fields: the document is in market_versions.';

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
COMMENT ON VIEW   market_resolutions                  IS 'Where each market stands on its way to be settled, with its question. Markets of which nothing was proposed yet are not in it.';
COMMENT ON COLUMN market_resolutions.condition_id     IS 'Market.';
COMMENT ON COLUMN market_resolutions.question         IS 'What the market asks; null until its document has come.';
COMMENT ON COLUMN market_resolutions.slug             IS 'Last part of the market''s address on the venue''s site.';
COMMENT ON COLUMN market_resolutions.state            IS 'proposed, disputed, resolved or reopened; only resolved is settled.';
COMMENT ON COLUMN market_resolutions.outcome          IS 'win0, win1, split, other or unknown; null unless resolved.';
COMMENT ON COLUMN market_resolutions.winner           IS 'Outcome that won, by its name; null where nobody or both did.';
COMMENT ON COLUMN market_resolutions.winning_token_id IS 'Token that won; null where nobody or both did.';
COMMENT ON COLUMN market_resolutions.payout_0         IS 'What a share of the first outcome pays, in collateral.';
COMMENT ON COLUMN market_resolutions.payout_1         IS 'What a share of the second outcome pays, in collateral.';
COMMENT ON COLUMN market_resolutions.resolved_at      IS 'When it was resolved, by the venue''s clock.';
COMMENT ON COLUMN market_resolutions.closed_at        IS 'When the venue closed the market.';
COMMENT ON COLUMN market_resolutions.seen_at          IS 'When the last step was seen, by our clock.';
COMMENT ON COLUMN market_resolutions.method           IS 'Where the last step is known from: gamma, data_api or market_resolved.';
COMMENT ON COLUMN market_resolutions.step             IS 'Number of the last step.';
