/**
 * The markets of which an event told, until Gamma tells the same: which to ask for now, and when again. Gamma may be
 * minutes behind the market channel. It takes the time, and the asking is the caller's.
 *
 * Holds at most `marketsMax`; beyond that an event is passed over, and the next scan of the markets finds what it told.
 */
export class Inquiries {
  readonly #o: InquiryLimits;
  readonly #open = new Map<string, Inquiry>();

  constructor(limits: InquiryLimits) {
    this.#o = limits;
  }

  /** Asks for a market from now on. What was resolved counts more than what was announced. */
  add(conditionId: string, told: Told, nowMs: number): void {
    const known = this.#open.get(conditionId);
    if (known?.told === told || known?.told === 'resolved') return;
    if (known === undefined && this.#open.size >= this.#o.marketsMax) return;
    this.#open.set(conditionId, { told, sinceMs: nowMs, dueAtMs: nowMs, tries: 0 });
  }

  /** The markets to ask for now. */
  due(nowMs: number): { conditionId: string; told: Told }[] {
    return [...this.#open]
      .filter(([, { dueAtMs }]) => dueAtMs <= nowMs)
      .map(([conditionId, { told }]) => ({ conditionId, told }));
  }

  /** Gamma was asked, and did not tell (or could not be asked). @returns Whether that was the last time. */
  unanswered(conditionId: string, nowMs: number): boolean {
    const inquiry = this.#open.get(conditionId);
    if (inquiry === undefined) return false;
    const retryInMs = Math.min(this.#o.retryMsMax, this.#o.retryMsMin * 2 ** inquiry.tries);
    inquiry.tries += 1;
    inquiry.dueAtMs = nowMs + retryInMs;
    if (nowMs - inquiry.sinceMs < this.#o.giveUpAfterMs) return false;
    this.#open.delete(conditionId);
    return true;
  }

  /** What was asked for is known. */
  answered(conditionId: string): void {
    this.#open.delete(conditionId);
  }

  /** When the next one is due; null when there is none. */
  get dueAtMs(): number | null {
    let atMs: number | null = null;
    for (const { dueAtMs } of this.#open.values()) atMs = Math.min(atMs ?? dueAtMs, dueAtMs);
    return atMs;
  }
}

/** What the event said of the market. */
export type Told = 'announced' | 'resolved';

export type InquiryLimits = {
  marketsMax: number;
  /** Pause after the first time in vain; it doubles. */
  retryMsMin: number;
  retryMsMax: number;
  giveUpAfterMs: number;
};

type Inquiry = { told: Told; sinceMs: number; dueAtMs: number; tries: number };
