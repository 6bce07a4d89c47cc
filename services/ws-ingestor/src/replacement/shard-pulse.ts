export type StallLimits = {
  /** Silence limit for busy shards. */
  stallMsMin: number;
  /** Silence limit for quiet shards, unless the shard has been found to be merely quiet. */
  stallMsMax: number;
};

/**
 * How lively a shard's data is, over about the last `stallMsMax`, and the silence limit that follows: `stallMsMin` for a
 * shard with data all the time, ten times that for one with data a tenth of the time, and so on.
 *
 * Several samples within each `stallMsMin` record whether data arrived. Counting frames instead would let a burst of a
 * hundred frames in one second look like a hundred seconds of data. A silence counts only once it is over, so that it does
 * not extend its own limit.
 *
 * Each silence that turns out to be mere quiet doubles the limit, up to ten times `stallMsMax`, until the shard is lively
 * enough again that the rule alone gives at most `stallMsMax`.
 */
export class ShardPulse {
  readonly #limits: StallLimits;
  /** Milliseconds with data, and all milliseconds. Both decay, so that the past counts less. */
  #livelyMs = 0;
  #totalMs: number;
  #beatAtMs: number;
  #quiets = 0;

  constructor(limits: StallLimits, nowMs: number) {
    this.#limits = limits;
    // As if the shard had been silent before, so that a few frames do not make a new shard a busy one.
    this.#totalMs = limits.stallMsMax / 6;
    this.#beatAtMs = nowMs;
  }

  /** Data arrived within the last `withinMs`. */
  beat(nowMs: number, withinMs: number): void {
    const passedMs = Math.max(0, nowMs - this.#beatAtMs);
    const kept = Math.exp(-passedMs / this.#limits.stallMsMax);
    this.#livelyMs = this.#livelyMs * kept + Math.min(passedMs, withinMs);
    this.#totalMs = this.#totalMs * kept + passedMs;
    this.#beatAtMs = nowMs;
    if (this.#byRateMs() <= this.#limits.stallMsMax) this.#quiets = 0;
  }

  /** The shard reached its limit and was merely quiet. */
  wasQuiet(): void {
    if (this.silentMsMax < this.#limits.stallMsMax * QUIET_FACTOR_MAX) this.#quiets += 1;
  }

  /** Silence after which the shard's connection counts as stalled. */
  get silentMsMax(): number {
    const { stallMsMin, stallMsMax } = this.#limits;
    const ruleMs = Math.max(stallMsMin, Math.min(stallMsMax, this.#byRateMs()));
    return Math.min(ruleMs * 2 ** this.#quiets, stallMsMax * QUIET_FACTOR_MAX);
  }

  #byRateMs(): number {
    return this.#livelyMs === 0 ? Number.POSITIVE_INFINITY : (this.#limits.stallMsMin * this.#totalMs) / this.#livelyMs;
  }
}

/** With the default of one minute, a quiet shard's connection is checked every ten minutes in the end. */
const QUIET_FACTOR_MAX = 10;
