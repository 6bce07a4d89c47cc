import { isConditionId, isTokenId } from '../identity/ids.ts';
import type { MarketFact } from './event.ts';
import { pageOf } from './snapshot-page.ts';

/**
 * Subject of one trade.
 *
 * @throws {RangeError} An id cannot be part of a subject: such a message belongs to `unparsed`.
 */
export function tradeSubject(ids: { conditionId: string; tokenId: string }): string {
  return `pm.trade.${checked(ids.conditionId, isConditionId)}.${checked(ids.tokenId, isTokenId)}`;
}

/** Subject of a market's documents. @throws {RangeError} as `tradeSubject`. */
export function marketSubject(conditionId: string): string {
  return `pm.market.${checked(conditionId, isConditionId)}`;
}

/** Subject of a market's snapshots, which it shares with the other markets of its page. @throws {RangeError} as `tradeSubject`. */
export function snapshotSubject(kind: 'price' | 'book', conditionId: string): string {
  return `pm.${kind}.${pageOf(checked(conditionId, isConditionId))}`;
}

/** Subject of a fact about a market. @throws {RangeError} as `tradeSubject`. */
export function eventSubject(event: Pick<MarketFact, 'conditionId' | 'type'>): string {
  return `pm.event.${checked(event.conditionId, isConditionId)}.${event.type}`;
}

/** Subject of bodies that a connection could not parse. The id is our own: letters, digits and dashes. */
export function unparsedSubject(connectionId: string): string {
  return `pm.unparsed.${checked(connectionId, isConnectionId)}`;
}

/** Connection ids are assigned by the ingestor and used in subjects, headers and rows. */
export function isConnectionId(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9-]{1,64}$/.test(value);
}

function checked(id: string, isValid: (value: unknown) => boolean): string {
  if (!isValid(id)) throw new RangeError(`cannot be part of a subject: ${JSON.stringify(String(id).slice(0, 80))}`);
  return id;
}
