import {
  isConditionId,
  isPlausibleTime,
  isTokenId,
  type LifecycleEvent,
  type MarketChange,
  type MarketFact,
  type ResolutionStep,
  type Settlement,
  type TickSizeChange,
} from '@polytape/types';
import type { ClientBase } from 'pg';
import { check, checkedDecimalOrNull, checkedOrdinal, checkedText, checkedTextOrNull } from '../copy/field-check.ts';
import { storableJson } from '../copy/storable-json.ts';
import { columnsOf, marketRow } from './market-row.ts';

/** Facts as rows of the tables that keep them, in stream order. */
export type FactRows = { venueEvents: object[]; steps: StepRow[]; versions: object[] };

/** @throws {UnstorableValueError} A fact has a field that its column cannot hold, or is none that we know. */
export function factRows(facts: readonly MarketFact[]): FactRows {
  const rows: FactRows = { venueEvents: [], steps: [], versions: [] };
  for (const fact of facts) {
    check(isConditionId(fact?.conditionId), 'conditionId', fact?.conditionId);
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
        break;
      default:
        check(false, 'type', (fact as MarketFact).type);
    }
  }
  return rows;
}

/** Stores what is not there yet. Where a fact was told more than once, the first telling stands. */
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
  check(isPlausibleTime(fact.exchangeAtMs), 'exchangeAtMs', fact.exchangeAtMs);
  // Our own clock may be wrong, and its error must not cost a fact: anything that the column holds will do.
  check(Number.isSafeInteger(fact.receivedAtUs) && fact.receivedAtUs >= 0, 'receivedAtUs', fact.receivedAtUs);
  const { type, conditionId, exchangeAtMs, receivedAtUs, ...detail } = fact;
  const tokenId = fact.type === 'tick_size_change' ? fact.tokenId : '';
  check(fact.type !== 'tick_size_change' || isTokenId(tokenId), 'tokenId', tokenId);
  return {
    ts: new Date(exchangeAtMs).toISOString(),
    condition_id: conditionId,
    type,
    token_id: tokenId,
    received_at_us: receivedAtUs,
    detail: storableJson('detail', detail),
  };
}

function stepRow(fact: ResolutionStep): StepRow {
  check(fact.step !== 0, 'step', fact.step);
  check(isPlausibleTime(fact.seenAtMs), 'seenAtMs', fact.seenAtMs);
  return {
    condition_id: fact.conditionId,
    step: checkedOrdinal('step', fact.step),
    type: fact.type,
    ...settlementColumns(fact.settlement),
    method: checkedText('method', fact.method),
    // A slip of the venue's must not cost the step.
    exchange_at: isPlausibleTime(fact.exchangeAtMs) ? new Date(fact.exchangeAtMs).toISOString() : null,
    seen_at: new Date(fact.seenAtMs).toISOString(),
    evidence: storableJson('evidence', fact.evidence ?? {}),
  };
}

function settlementColumns(settlement: Settlement | null): object {
  if (settlement === null) return {};
  const { winningTokenId, payouts } = settlement;
  check(winningTokenId === null || isTokenId(winningTokenId), 'settlement.winningTokenId', winningTokenId);
  return {
    outcome: checkedTextOrNull('settlement.outcome', settlement.outcome),
    winning_token_id: winningTokenId,
    payout_0: checkedDecimalOrNull('settlement.payouts', payouts?.[0]),
    payout_1: checkedDecimalOrNull('settlement.payouts', payouts?.[1]),
  };
}

function versionRow(fact: MarketChange): object {
  check(fact.market?.conditionId === fact.conditionId, 'market.conditionId', fact.market?.conditionId);
  check(isPlausibleTime(fact.market.seenAtMs), 'market.seenAtMs', fact.market.seenAtMs);
  check(Array.isArray(fact.changed), 'changed', fact.changed);
  const changed = fact.changed.map((name) => checkedText('changed', name));
  return { ...marketRow(fact.market), changed: columnsOf(changed) };
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

/** Made of the steps that are stored, so that it does not matter in which order, or how often, they came. */
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
