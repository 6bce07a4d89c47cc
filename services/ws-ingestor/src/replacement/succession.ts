import type { BookEvent } from '@polytape/polymarket';
import type { LastHeard } from '../connection/last-heard.ts';
import type { ShardConnection } from '../connection/shard-connection.ts';
import { judgeSuccessor } from './judge-successor.ts';
import type { RecycleReason } from './recycle-reason.ts';

/**
 * One connection being replaced by another: opening -> overlapping (the successor has taken over; both record) -> over;
 * or failed. A successor that loses its socket after it has taken over has proved nothing: the overlap begins anew with
 * each of its sockets, and when that goes on, the old one takes its place again. It only watches and judges; the recorder of
 * the shard acts.
 */
export class Succession {
  readonly reason: RecycleReason;
  readonly old: ShardConnection;
  readonly successor: ShardConnection;
  /** Tokens that waited for a book in vain on the old connection. */
  readonly missing: readonly string[];
  readonly #overlapMs: number;
  readonly #firstBookTimeoutMs: number;
  readonly #oldDataFrames: number;
  readonly #oldHeard: LastHeard | null;
  readonly #silentSinceMs: number;
  readonly #lastFrameAtMs: number | null;
  #startedAtMs: number;
  #tookOverAtMs: number | null = null;
  /** Sockets that the successor had had when it took over. */
  #socketsAtTakeOver = 0;
  /** Its present socket, and since when that covers. */
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

  /** Whether others wait for it. Once a stalled connection is replaced, it is kept only for what may come late. */
  get isPending(): boolean {
    return this.#tookOverAtMs === null || this.reason !== 'stalled';
  }

  /** For how long no data came on the old one until the successor took over, and its last frame, since the epoch. */
  get silence(): { silentMs: number; lastFrameAtMs: number | null } {
    const endedAtMs = this.#tookOverAtMs ?? this.#silentSinceMs;
    return { silentMs: Math.round(endedAtMs - this.#silentSinceMs), lastFrameAtMs: this.#lastFrameAtMs };
  }

  /** For how long both have recorded. */
  overlappedMs(nowMs: number): number {
    return this.#tookOverAtMs === null ? 0 : nowMs - this.#tookOverAtMs;
  }

  /** Where it stands. `takes over` is said once. */
  step(nowMs: number, wanted: ReadonlySet<string>): 'wait' | 'takes over' | 'failed' | 'over' {
    if (this.#tookOverAtMs !== null) return this.#overlap(nowMs, this.#tookOverAtMs);
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

  /** Nothing was read for a while, by no fault of the venue: the successor gets its time anew. */
  resetSilence(nowMs: number): void {
    if (this.#tookOverAtMs === null) this.#startedAtMs = nowMs;
  }

  sawFirstBook(connection: ShardConnection, book: BookEvent): void {
    if (connection === this.successor && this.#oldHeard?.misses(book)) this.#booksWithNews += 1;
  }

  /** Whether the silent old connection was dead: it has said nothing since, and the successor's first books have news. */
  get wasStalled(): boolean {
    return this.#booksWithNews > 0 && this.old.dataFrames === this.#oldDataFrames;
  }

  #overlap(nowMs: number, tookOverAtMs: number): 'wait' | 'failed' | 'over' {
    const { old, successor } = this;
    if (old.covered.size === 0) return 'over';
    const covers = successor.socket?.coversAt(nowMs) ?? false;
    // It may have been lost and be back between two looks.
    if (this.#overlapping?.sockets !== successor.sockets) this.#overlapping = null;
    if (covers) this.#overlapping ??= { sockets: successor.sockets, sinceMs: nowMs };
    const { losses } = this;
    // Of an old one that is dead nothing can be hoped; its successor comes back by itself.
    const isOldDead = this.reason === 'stalled' && old.dataFrames === this.#oldDataFrames;
    const isTooLate = nowMs - tookOverAtMs >= this.#overlapMs + LATE_TIMES * this.#firstBookTimeoutMs;
    if (!isOldDead && (losses >= LOSSES_MAX || (losses > 0 && isTooLate))) return 'failed';
    const isDue = this.#overlapping !== null && nowMs - this.#overlapping.sinceMs >= this.#overlapMs;
    return isDue && covers ? 'over' : 'wait';
  }
}

/** Sockets that a successor may lose in the overlap before the old connection takes its place again. */
const LOSSES_MAX = 2;
/** The same for one that was lost and does not come back: times the wait for first books. */
const LATE_TIMES = 3;
