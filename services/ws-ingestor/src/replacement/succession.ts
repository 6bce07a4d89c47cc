import type { BookEvent } from '@polytape/polymarket';
import type { LastHeard } from '../connection/last-heard.ts';
import type { ShardConnection } from '../connection/shard-connection.ts';
import { judgeSuccessor } from './judge-successor.ts';
import { lacksNothingOf } from './lacks-nothing-of.ts';
import type { RecycleReason } from './recycle-reason.ts';

/**
 * The replacement of one connection by another: opening -> overlapping (the successor has taken over; both record) -> over;
 * or failed. If the successor loses its socket after taking over, the overlap starts again with its next socket; if that
 * happens repeatedly, the old connection takes its place again. This class only observes and judges; the shard's recorder
 * acts.
 */
export class Succession {
  readonly reason: RecycleReason;
  readonly old: ShardConnection;
  readonly successor: ShardConnection;
  /** Tokens that waited in vain for a book on the old connection. */
  readonly missing: readonly string[];
  readonly #overlapMs: number;
  readonly #firstBookTimeoutMs: number;
  readonly #oldDataFrames: number;
  readonly #oldHeard: LastHeard | null;
  readonly #silentSinceMs: number;
  readonly #lastFrameAtMs: number | null;
  #startedAtMs: number;
  #tookOverAtMs: number | null = null;
  /** How many sockets the successor had had when it took over. */
  #socketsAtTakeOver = 0;
  /** The successor's present socket, and since when that covers the shard. */
  #overlapping: { sockets: number; sinceMs: number } | null = null;
  #booksWithNews = 0;

  constructor(o: {
    reason: RecycleReason;
    old: ShardConnection;
    successor: ShardConnection;
    overlapMs: number;
    firstBookTimeoutMs: number;
    nowMs: number;
  }) {
    this.reason = o.reason;
    this.old = o.old;
    this.successor = o.successor;
    const { socket } = o.old;
    this.missing = socket?.missing(o.nowMs) ?? [];
    this.#silentSinceMs = socket?.heardAtMs ?? o.nowMs;
    this.#lastFrameAtMs = socket?.lastFrameAtMs ?? null;
    this.#overlapMs = o.overlapMs;
    this.#firstBookTimeoutMs = o.firstBookTimeoutMs;
    this.#oldDataFrames = o.old.dataFrames;
    this.#oldHeard = socket?.lastHeard ?? null;
    this.#startedAtMs = o.nowMs;
  }

  /** Whether the successor has not taken over yet. */
  get isOpening(): boolean {
    return this.#tookOverAtMs === null;
  }

  /** Whether it counts among the replacements at a time. A stalled connection that is replaced only drains late frames. */
  get isPending(): boolean {
    return this.#tookOverAtMs === null || this.reason !== 'stalled';
  }

  /** How long the old connection was silent until the successor took over, and its last frame (since the epoch). */
  get silence(): { silentMs: number; lastFrameAtMs: number | null } {
    const endedAtMs = this.#tookOverAtMs ?? this.#silentSinceMs;
    return { silentMs: Math.round(endedAtMs - this.#silentSinceMs), lastFrameAtMs: this.#lastFrameAtMs };
  }

  /** How long both have recorded. */
  overlappedMs(nowMs: number): number {
    return this.#tookOverAtMs === null ? 0 : nowMs - this.#tookOverAtMs;
  }

  /** The next step. Returns `takes over` once. */
  step(nowMs: number, wanted: ReadonlySet<string>): 'wait' | 'takes over' | 'failed' | 'over' {
    if (this.#tookOverAtMs !== null) return this.#overlap(nowMs, this.#tookOverAtMs, wanted);
    const openedAtMs = this.successor.socket?.openedAtMs ?? null;
    const judgement = judgeSuccessor({
      nowMs,
      startedAtMs: this.#startedAtMs,
      openedAtMs: openedAtMs === null ? null : Math.max(openedAtMs, this.#startedAtMs),
      wanted,
      coveredByOld: this.old.covered,
      covered: this.successor.covered,
      isOldStalled: this.reason === 'stalled',
      firstBookTimeoutMs: this.#firstBookTimeoutMs,
    });
    if (judgement === 'takes over') {
      this.#tookOverAtMs = nowMs;
      this.#socketsAtTakeOver = this.successor.sockets;
    }
    return judgement;
  }

  /** How often the successor has lost its socket since it took over. */
  get losses(): number {
    if (this.#tookOverAtMs === null) return 0;
    const { sockets, socket } = this.successor;
    return sockets - this.#socketsAtTakeOver + (socket === null ? 1 : 0);
  }

  /** Restarts the successor's time, after a time in which nothing was read through no fault of the venue. */
  resetSilence(nowMs: number): void {
    if (this.#tookOverAtMs === null) this.#startedAtMs = nowMs;
  }

  sawFirstBook(connection: ShardConnection, book: BookEvent): void {
    if (connection === this.successor && this.#oldHeard?.misses(book)) this.#booksWithNews += 1;
  }

  /** Whether the silent old connection was dead: still silent, while the successor's first books show changes. */
  get wasStalled(): boolean {
    return this.#booksWithNews > 0 && this.old.dataFrames === this.#oldDataFrames;
  }

  #overlap(nowMs: number, tookOverAtMs: number, wanted: ReadonlySet<string>): 'wait' | 'failed' | 'over' {
    const { old, successor } = this;
    if (old.covered.size === 0) return 'over';
    // A dead old connection is no alternative; the successor reconnects by itself.
    const isOldDead = this.reason === 'stalled' && old.dataFrames === this.#oldDataFrames;
    // After a reconnection the successor may have fewer books than when it took over.
    const lacking = [...wanted].filter((tokenId) => !successor.covered.has(tokenId));
    const isAsGood = isOldDead || lacksNothingOf(old.covered, lacking);
    const covers = isAsGood && (successor.socket?.coversAt(nowMs) ?? false);
    // The socket may have been lost and replaced between two calls.
    if (this.#overlapping?.sockets !== successor.sockets) this.#overlapping = null;
    if (covers) this.#overlapping ??= { sockets: successor.sockets, sinceMs: nowMs };
    const { losses } = this;
    const isTooLate = nowMs - tookOverAtMs >= this.#overlapMs + LATE_TIMES * this.#firstBookTimeoutMs;
    const isWorse = losses > 0 || !isAsGood;
    if (!isOldDead && (losses >= LOSSES_MAX || (isWorse && isTooLate))) return 'failed';
    const isDue = this.#overlapping !== null && nowMs - this.#overlapping.sinceMs >= this.#overlapMs;
    return isDue && covers ? 'over' : 'wait';
  }
}

/** After this many lost sockets in the overlap, the old connection takes its place again. */
const LOSSES_MAX = 2;
/** The same if the successor is not as good again in time: a multiple of the wait for first books. */
const LATE_TIMES = 3;
