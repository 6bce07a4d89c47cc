import type { VenueSim } from '../../src/index.ts';

/** A JSON value with unchecked access to its fields. */
// biome-ignore lint/suspicious/noExplicitAny: tests read answers as a foreign client does, by name.
export type Json = any;

export async function getJson(url: string): Promise<Json> {
  return await (await fetch(url)).json();
}

export async function postJson(url: string, body: unknown = {}): Promise<Json> {
  return await (await fetch(url, { method: 'POST', body: JSON.stringify(body) })).json();
}

/** The document of an open or closed market in Gamma's listing. */
export async function gammaDocument(venue: VenueSim, conditionId: string): Promise<Json> {
  for (const closed of [false, true]) {
    const page = await getJson(`${venue.urls.gamma}/markets/keyset?condition_ids=${conditionId}&closed=${closed}`);
    if (page.markets.length > 0) return page.markets[0];
  }
  throw new Error(`Gamma lists no market ${conditionId}`);
}

/** Rows of the Data API from either of its envelopes. */
export async function resolutionRows(venue: VenueSim, conditionIds: readonly string[]): Promise<Json[]> {
  const query = conditionIds.map((conditionId) => `condition=${conditionId}`).join('&');
  const answer = await getJson(`${venue.urls.data}/v2/resolutions?${query}`);
  return Array.isArray(answer) ? answer : answer.data;
}
