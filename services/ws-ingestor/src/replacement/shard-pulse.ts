export type StallLimits = {
  /** Silence that a busy shard is allowed. */
  stallMsMin: number;
  /** Silence that any shard is allowed, unless it was found to be merely quiet. */
  stallMsMax: number;
};

/**
 * How lively the data of a shard is, over about the last `stallMsMax`, and how long it may thus be silent: `stallMsMin`
 * where something comes all the time, ten times that where something comes a tenth of the time, and so on.
 *
 * It is asked several times in `stallMsMin` whether data came: to count frames would let a burst of a hundred in one
 * second pass for a hundred seconds of data. A silence counts once it is over, so that it does not excuse itself.
 *
 * Each silence that turned out to be mere quiet doubles what is allowed, up to ten times `stallMsMax`, until the shard is
 * lively enough again that the rule alone would notice a stall within `stallMsMax`.
 */
export class ShardPulse {
  readonly #limits: StallLimits;
  /** Both fade, so that the past counts less: milliseconds with data, and all of them. */
  #livelyMs = 0;
  #totalMs: number;
  #beatAtMs: number;
  #quiets = 0;

  constructor(limits: StallLimits, nowMs: number) {
    this.#limits = limits;
    // As if it had been silent before: a few frames do not yet make a new shard a busy one.
    this.#totalMs = limits.stallMsMax / 6;
    this.#beatAtMs = nowMs;
  }

  /** Data came within the last `withinMs`. */
  beat(nowMs: number, withinMs: number): void {
    const passedMs = Math.max(0, nowMs - this.#beatAtMs);
    const kept = Math.exp(-passedMs / this.#limits.stallMsMax);
    this.#livelyMs = this.#livelyMs * kept + Math.min(passedMs, withinMs);
    this.#totalMs = this.#totalMs * kept + passedMs;
    this.#beatAtMs = nowMs;
    if (this.#byRateMs() <= this.#limits.stallMsMax) this.#quiets = 0;
  }

  /** The shard was silent for as long as it may be, and had merely been quiet. */
  wasQuiet(): void {
    if (this.silentMsMax < this.#limits.stallMsMax * QUIET_FACTOR_MAX) this.#quiets += 1;
  }

  /** Milliseconds of silence after which the shard's connection is taken to have stalled. */
  get silentMsMax(): number {
    const { stallMsMin, stallMsMax } = this.#limits;
    const ruleMs = Math.max(stallMsMin, Math.min(stallMsMax, this.#byRateMs()));
    return Math.min(ruleMs * 2 ** this.#quiets, stallMsMax * QUIET_FACTOR_MAX);
  }

  #byRateMs(): number {
    return this.#livelyMs === 0 ? Number.POSITIVE_INFINITY : (this.#limits.stallMsMin * this.#totalMs) / this.#livelyMs;
  }
}

/** A quiet shard is looked at every ten minutes at last, where any other may be silent for one. */
const QUIET_FACTOR_MAX = 10;
