/**
 * Every projected table, with a query that gives the same rows in any database built from the same log: as JSON, without
 * generated keys and local timestamps.
 */
export const PROJECTED_TABLES = {
  trades: `
    SELECT to_jsonb(trades) - 'token_key' - 'connection_key'
      || jsonb_build_object('token_id', token_id, 'connection_id', connection_id) AS row
    FROM trades JOIN tokens USING (token_key) LEFT JOIN connections USING (connection_key)`,
  price_snapshots: `
    SELECT to_jsonb(price_snapshots) - 'token_key' || jsonb_build_object('token_id', token_id) AS row
    FROM price_snapshots JOIN tokens USING (token_key)`,
  book_snapshots: `
    SELECT to_jsonb(book_snapshots) - 'token_key' || jsonb_build_object('token_id', token_id) AS row
    FROM book_snapshots JOIN tokens USING (token_key)`,
  tokens: `SELECT to_jsonb(tokens) - 'token_key' AS row FROM tokens`,
  connections: `SELECT to_jsonb(connections) - 'connection_key' AS row FROM connections`,
  markets: 'SELECT to_jsonb(markets) AS row FROM markets',
  market_versions: 'SELECT to_jsonb(market_versions) AS row FROM market_versions',
  venue_events: 'SELECT to_jsonb(venue_events) AS row FROM venue_events',
  resolution_events: 'SELECT to_jsonb(resolution_events) AS row FROM resolution_events',
  resolutions: 'SELECT to_jsonb(resolutions) AS row FROM resolutions',
  unparsed: 'SELECT to_jsonb(unparsed) AS row FROM unparsed',
  dead_letters: `SELECT to_jsonb(dead_letters) - 'buried_at' AS row FROM dead_letters`,
  stream_positions: `SELECT to_jsonb(stream_positions) - 'moved_at' AS row FROM stream_positions`,
} as const;

export type ProjectedTable = keyof typeof PROJECTED_TABLES;
