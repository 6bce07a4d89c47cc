import { hash } from 'node:crypto';
import type { Market, OutcomeKind } from '@polytape/types';

/**
 * Nine bytes, as text, of what a market's description says without its figures, and of how it was resolved: what is equal
 * has an equal one, and that something else has the same will not happen.
 */
export function marketDigest(description: Partial<Market>, outcome: OutcomeKind | null): string {
  return digest(JSON.stringify([outcome, ...DESCRIBING.map((name) => description[name] ?? null)]));
}

/** Nine bytes of any text's sha1, as text of 12 characters. */
export function digest(text: string): string {
  return hash('sha1', text, 'base64url').slice(0, 12);
}

/** In an order of their own: that of a document's fields is whoever made it. Volumes, liquidity, version, time and resolution are not described. */
const DESCRIBING = [
  'conditionId',
  'gammaId',
  'question',
  'slug',
  'protocol',
  'tokens',
  'event',
  'groupItemTitle',
  'questionId',
  'category',
  'tags',
  'active',
  'closed',
  'acceptingOrders',
  'negRisk',
  'tickSize',
  'sizeMin',
  'fees',
  'startAtMs',
  'endAtMs',
  'closedAtMs',
] as const satisfies (keyof Market)[];
