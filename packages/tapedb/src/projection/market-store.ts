import type { Market } from '@polytape/types';
import type { ClientBase } from 'pg';
import { MARKET_COLUMNS, marketRow, tokenRows } from './market-row.ts';

/** The newest document of each market in a batch, as parameters of the statements below. */
export type MarketDocuments = { marketsJson: string; tokensJson: string };

/** Keeps the newest document of each market: one statement may touch a row only once. */
export function marketDocuments(markets: readonly Market[]): MarketDocuments {
  const newest = new Map<string, Market>();
  for (const market of markets) {
    const other = newest.get(market.conditionId);
    if (other === undefined || supersedes(market, other)) newest.set(market.conditionId, market);
  }
  // Sorted, so that two transactions touch common rows in the same order and cannot deadlock.
  const sorted = [...newest.values()].sort((a, b) => (a.conditionId < b.conditionId ? -1 : 1));
  return {
    marketsJson: JSON.stringify(sorted.map(marketRow)),
    tokensJson: JSON.stringify(sorted.flatMap(tokenRows)),
  };
}

/** Inserts missing tokens, sorted and in their own transaction; see `KeyDictionary.keys` for the reasons. */
export async function introduceTokens(client: ClientBase, documents: MarketDocuments): Promise<void> {
  await client.query(
    `INSERT INTO tokens (token_id, condition_id, outcome, outcome_index)
     SELECT token_id, condition_id, outcome, outcome_index FROM json_to_recordset($1::json)
       AS given (token_id text, condition_id text, outcome text, outcome_index smallint)
     WHERE NOT EXISTS (SELECT FROM tokens WHERE tokens.token_id = given.token_id)
     ORDER BY token_id COLLATE "C"
     ON CONFLICT (token_id) DO NOTHING`,
    [documents.tokensJson],
  );
}

/** Stores documents that are newer than the stored ones, and their markets and outcomes with their tokens. */
export async function storeMarkets(client: ClientBase, documents: MarketDocuments): Promise<void> {
  const { rows } = await client.query<{ condition_id: string }>(UPSERT_MARKETS, [documents.marketsJson]);
  await client.query(
    `UPDATE tokens
     SET condition_id = given.condition_id, outcome = given.outcome, outcome_index = given.outcome_index
     FROM json_to_recordset($1::json) AS given (token_id text, condition_id text, outcome text, outcome_index smallint)
     WHERE tokens.token_id = given.token_id
       AND given.condition_id = ANY ($2::text[])
       AND (tokens.condition_id, tokens.outcome, tokens.outcome_index)
         IS DISTINCT FROM (given.condition_id, given.outcome, given.outcome_index)`,
    [documents.tokensJson, rows.map((row) => row.condition_id)],
  );
}

/**
 * A higher version is newer. So is a document seen later with a lower version: when the stream is lost and recreated,
 * versions count from 1 again, and the documents of the old stream must not stay forever.
 */
function supersedes(market: Market, other: Market): boolean {
  return market.version > other.version || market.seenAtMs > other.seenAtMs;
}

/** `supersedes`, in SQL. */
const UPSERT_MARKETS = `
  INSERT INTO markets AS stored
  SELECT given.* FROM json_populate_recordset(NULL::markets, $1::json) AS given
  ON CONFLICT (condition_id) DO UPDATE SET ${MARKET_COLUMNS.map((column) => `${column} = excluded.${column}`).join(', ')}
  WHERE excluded.version > stored.version OR excluded.seen_at > stored.seen_at
  RETURNING condition_id`;
