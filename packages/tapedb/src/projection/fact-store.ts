import {
  isPlausibleTime,
  type LifecycleEvent,
  type MarketChange,
  type MarketFact,
  type ResolutionStep,
  storableJson,
  storableText,
  type TickSizeChange,
} from '@polytape/types';
import type { ClientBase } from 'pg';
import { columnsOf, marketRow } from './market-row.ts';

/** Facts as rows of the tables that keep them, in stream order. */
export type FactRows = { venueEvents: object[]; steps: StepRow[]; versions: object[] };

export function factRows(facts: readonly MarketFact[]): FactRows {
  const rows: FactRows = { venueEvents: [], steps: [], versions: [] };
  for (const fact of facts) {
    switch (fact.type) {
      case 'new_market':
      case 'market_resolved':
      case 'tick_size_change':
        rows.venueEvents.push(venueEventRow(fact));
        break;
      case 'resolution_proposed':
      case 'resolution_disputed':
      case 'resolution_resolved':
      case 'resolution_reopened':
        rows.steps.push(stepRow(fact));
        break;
      case 'market_changed':
        rows.versions.push(versionRow(fact));
    }
  }
  return rows;
}

/** Stores facts that are not stored yet: of duplicates the first one stands. */
export async function storeFacts(client: ClientBase, rows: FactRows): Promise<void> {
  if (rows.venueEvents.length > 0) await client.query(INSERT_VENUE_EVENTS, [JSON.stringify(rows.venueEvents)]);
  if (rows.versions.length > 0) await client.query(INSERT_VERSIONS, [JSON.stringify(rows.versions)]);
  if (rows.steps.length > 0) {
    await client.query(INSERT_STEPS, [JSON.stringify(rows.steps)]);
    await client.query(UPSERT_RESOLUTIONS, [[...new Set(rows.steps.map(({ condition_id }) => condition_id))]]);
  }
}

type StepRow = { condition_id: string; [column: string]: unknown };

function venueEventRow(fact: LifecycleEvent | TickSizeChange): object {
  const { type, conditionId, exchangeAtMs, receivedAtUs, ...detail } = fact;
  return {
    ts: new Date(exchangeAtMs).toISOString(),
    condition_id: conditionId,
    type,
    token_id: fact.type === 'tick_size_change' ? fact.tokenId : '',
    received_at_us: receivedAtUs,
    detail: storableJson(detail, Number.POSITIVE_INFINITY),
  };
}

function stepRow(fact: ResolutionStep): StepRow {
  const { settlement } = fact;
  return {
    condition_id: fact.conditionId,
    step: fact.step,
    type: fact.type,
    outcome: settlement === null ? null : storableText(settlement.outcome),
    winning_token_id: settlement?.winningTokenId,
    payout_0: settlement?.payouts?.[0],
    payout_1: settlement?.payouts?.[1],
    method: storableText(fact.method),
    // A wrong time of the venue must not cost the step.
    exchange_at: isPlausibleTime(fact.exchangeAtMs) ? new Date(fact.exchangeAtMs).toISOString() : null,
    seen_at: new Date(fact.seenAtMs).toISOString(),
    evidence: storableJson(fact.evidence, Number.POSITIVE_INFINITY),
  };
}

function versionRow(fact: MarketChange): object {
  return { ...marketRow(fact.market), changed: columnsOf(fact.changed.map(storableText)) };
}

const INSERT_VENUE_EVENTS = `
  INSERT INTO venue_events (ts, condition_id, type, token_id, received_at, detail)
  SELECT ts, condition_id, type, token_id, timestamptz 'epoch' + received_at_us * interval '1 microsecond', detail
  FROM json_to_recordset($1::json) AS given
    (ts timestamptz, condition_id text, type text, token_id text, received_at_us bigint, detail jsonb)
  ON CONFLICT DO NOTHING`;

const INSERT_VERSIONS = `
  INSERT INTO market_versions SELECT given.* FROM json_populate_recordset(NULL::market_versions, $1::json) AS given
  ON CONFLICT DO NOTHING`;

const INSERT_STEPS = `
  INSERT INTO resolution_events SELECT given.* FROM json_populate_recordset(NULL::resolution_events, $1::json) AS given
  ON CONFLICT DO NOTHING`;

/** Computed from the stored steps, so that their order and duplicates do not matter. */
const UPSERT_RESOLUTIONS = `
  INSERT INTO resolutions AS stored
    (condition_id, state, outcome, winning_token_id, payout_0, payout_1, resolved_at, seen_at, method, step)
  SELECT DISTINCT ON (condition_id)
    condition_id, replace(type, 'resolution_', ''), outcome, winning_token_id, payout_0, payout_1,
    CASE WHEN type = 'resolution_resolved' THEN exchange_at END, seen_at, method, step
  FROM resolution_events
  WHERE condition_id = ANY ($1::text[])
  ORDER BY condition_id, step DESC, seen_at DESC, type DESC
  ON CONFLICT (condition_id) DO UPDATE SET
    state = excluded.state, outcome = excluded.outcome, winning_token_id = excluded.winning_token_id,
    payout_0 = excluded.payout_0, payout_1 = excluded.payout_1, resolved_at = excluded.resolved_at,
    seen_at = excluded.seen_at, method = excluded.method, step = excluded.step`;
