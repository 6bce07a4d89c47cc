import { backoffMs } from '@polytape/resilience';
import type { WantedMarket } from '../plan/shard-planner.ts';

/** What an event announced of a market. */
export type Announcement = 'opened' | 'resolved';

/**
 * Markets that an event announced and whose document is missing: which to ask Gamma for now, and which to record
 * meanwhile. Gamma lists a new market seconds to minutes after its event, and a young market trades at once.
 *
 * waiting -> closed (the document came), or over (`giveUpAfterMs` without a document) -> closed (given up), or waiting again
 * (the market has a book). Pure: takes the time, and leaves the requests to the caller.
 *
 * The limits bound a flood of false announcements: at most `openedMax` new markets and `resolvedMax` resolved ones wait at
 * a time. The jobs find the others in Gamma's lists.
 */
export class Inquiries {
  readonly limits: InquiryLimits;
  readonly #open = new Map<string, Inquiry>();

  constructor(limits: InquiryLimits) {
    this.limits = limits;
  }

  /**
   * Adds a market. Its resolution replaces its opening. @returns False when too many markets wait already.
   *
   * `tokenIds`: both tokens if the event named them, so that they can be recorded before the document comes.
   * `ageMs`: how long ago the market was announced.
   */
  add(
    conditionId: string,
    announcement: Announcement,
    o: { nowMs: number; tokenIds?: WantedMarket['tokenIds'] | null; ageMs?: number },
  ): boolean {
    const known = this.#open.get(conditionId);
    if (known?.announcement === announcement || known?.announcement === 'resolved') return true;
    if (known === undefined && this.#count(announcement) >= this.limits[`${announcement}Max`]) return false;
    this.#open.set(conditionId, {
      announcement,
      tokenIds: o.tokenIds ?? known?.tokenIds ?? null,
      hasBook: known?.hasBook ?? false,
      sinceMs: o.nowMs - Math.max(0, o.ageMs ?? 0),
      dueAtMs: o.nowMs,
      failures: 0,
    });
    return true;
  }

  has(conditionId: string): boolean {
    return this.#open.has(conditionId);
  }

  /** Markets to record before their documents come. */
  *unconfirmed(): Generator<WantedMarket> {
    for (const [conditionId, { tokenIds }] of this.#open) if (tokenIds !== null) yield { conditionId, tokenIds };
  }

  /** The markets to ask for now. */
  due(nowMs: number): { conditionId: string; announcement: Announcement }[] {
    return [...this.#open]
      .filter(([, { dueAtMs }]) => dueAtMs <= nowMs)
      .map(([conditionId, { announcement }]) => ({ conditionId, announcement }));
  }

  /** Gamma does not list the market, or did not answer. @returns Whether its time is over. */
  unanswered(conditionId: string, nowMs: number): boolean {
    const inquiry = this.#open.get(conditionId);
    if (inquiry === undefined) return false;
    const { retryMsMin: minMs, retryMsMax: maxMs, giveUpAfterMs } = this.limits;
    inquiry.failures += 1;
    // Without chance: markets that were announced together share a query.
    inquiry.dueAtMs = nowMs + backoffMs({ failures: inquiry.failures, minMs, maxMs, random: 0 });
    return nowMs - inquiry.sinceMs >= giveUpAfterMs;
  }

  /** The tokens that hold a place in the plan; null without any. */
  tokenIdsOf(conditionId: string): WantedMarket['tokenIds'] | null {
    return this.#open.get(conditionId)?.tokenIds ?? null;
  }

  /** The market has a book, so the announcement was true. Gamma is asked again much later. */
  confirmedByBook(conditionId: string, nowMs: number): void {
    const inquiry = this.#open.get(conditionId);
    if (inquiry === undefined) return;
    const { giveUpAfterMs } = this.limits;
    Object.assign(inquiry, { hasBook: true, sinceMs: nowMs, dueAtMs: nowMs + giveUpAfterMs });
  }

  /** Forgets the market, because its document came or it was given up. */
  close(conditionId: string): void {
    this.#open.delete(conditionId);
  }

  /** When the next market is due; null when none waits. */
  get dueAtMs(): number | null {
    let atMs: number | null = null;
    for (const { dueAtMs } of this.#open.values()) atMs = Math.min(atMs ?? dueAtMs, dueAtMs);
    return atMs;
  }

  /** Markets with a book do not count: their announcements were true. */
  #count(announcement: Announcement): number {
    let count = 0;
    for (const inquiry of this.#open.values()) {
      if (inquiry.announcement === announcement && !inquiry.hasBook) count += 1;
    }
    return count;
  }
}

export type InquiryLimits = {
  openedMax: number;
  resolvedMax: number;
  /** The backoff after queries without a result. Without chance it ends at half of its maximum. */
  retryMsMin: number;
  retryMsMax: number;
  giveUpAfterMs: number;
};

type Inquiry = {
  announcement: Announcement;
  tokenIds: WantedMarket['tokenIds'] | null;
  hasBook: boolean;
  sinceMs: number;
  dueAtMs: number;
  failures: number;
};

/**
 * Gamma lists a market seconds to minutes after its event. The venue opened some 2,000 five-minute markets a day in 2026;
 * `openedMax` holds two days of them, in some 25 shards.
 */
export const INQUIRY_LIMITS: InquiryLimits = {
  openedMax: 5_000,
  resolvedMax: 10_000,
  retryMsMin: 1_000,
  retryMsMax: 60_000,
  giveUpAfterMs: 10 * 60_000,
};
