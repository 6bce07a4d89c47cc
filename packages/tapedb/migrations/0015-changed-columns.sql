-- What changed in a document is told by the names of the columns: until now it was by those of the document's fields.

-- One transaction may change only so many compressed rows unless told otherwise; plain PostgreSQL has no such limit.
SELECT set_config(name, '0', true) FROM pg_settings WHERE name = 'timescaledb.max_tuples_decompressed_per_dml_transaction';

WITH names (field, columns) AS (
  VALUES
    ('conditionId', '{condition_id}'::text[]),
    ('gammaId', '{gamma_id}'),
    ('tokens', '{token_ids,outcomes}'),
    ('event', '{event_id,event_slug,event_title}'),
    ('groupItemTitle', '{group_item_title}'),
    ('questionId', '{question_id}'),
    ('acceptingOrders', '{accepting_orders}'),
    ('negRisk', '{neg_risk}'),
    ('tickSize', '{tick_size}'),
    ('sizeMin', '{size_min}'),
    ('fees', '{fees_enabled,fee_type,fee_rate,fee_exponent,fee_taker_only,fee_rebate_rate}'),
    ('volume24h', '{volume_24h}'),
    ('startAtMs', '{start_at}'),
    ('endAtMs', '{end_at}'),
    ('closedAtMs', '{closed_at}'),
    ('resolution', '{resolution_state,resolution_step}'),
    ('seenAtMs', '{seen_at}')
)
UPDATE market_versions SET changed = ARRAY(
  SELECT name
  FROM unnest(market_versions.changed) WITH ORDINALITY AS given (field, place)
  LEFT JOIN names USING (field)
  CROSS JOIN LATERAL unnest(coalesce(names.columns, ARRAY[given.field])) WITH ORDINALITY AS split (name, part)
  ORDER BY place, part
)
WHERE changed && (SELECT array_agg(field) FROM names);

COMMENT ON COLUMN market_versions.changed IS 'Names of the columns that differ from the version before; empty for the first. Those of tokens, event, fees and resolution are named together when any of them differs.';
COMMENT ON COLUMN events.detail IS 'What else is known of it. Of market_changed the version and the names of the columns: the document is in market_versions.';
