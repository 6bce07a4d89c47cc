import { hash } from 'node:crypto';

/**
 * Snapshots of tokens whose markets share a page; the body of a message on `pm.price.<page>` or `pm.book.<page>`.
 *
 * A subject costs the broker memory for as long as its stream has a message on it, and a message costs it memory for its
 * duplicate window. With 312,000 tokens that was 150 MB a minute; three rounds of 100,000 tokens took 180 MB of heap with a
 * subject for each token, and 27 MB with 256 pages.
 */
export type SnapshotPage<Snapshot> = { snapshots: Snapshot[] };

/** The page of a market: the last two hex digits of its condition id. The first ones are alike in the second position system. */
export function pageOf(conditionId: string): string {
  return conditionId.slice(-PAGE_DIGITS);
}

/** From the content: another leader's readings of the same interval are another message, and the same message is stored once. */
export function pageMessageId({ subject, body }: { subject: string; body: string }): string {
  return `${subject}:${hash('sha1', body, 'base64url')}`;
}

const PAGE_DIGITS = 2;
