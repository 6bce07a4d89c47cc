import { type Bus, type KvView, TOPOLOGY } from '@polytape/bus';
import type { IngestorPresence } from '@polytape/types';
import { knownIngestors, type Presences } from './known-ingestors.ts';

/**
 * The other ingestors as far as they are known here. Who falls silent disappears when the bucket has forgotten it, but
 * not within one such time after a start, after the connection to the broker was away, or after this process stood still:
 * until then those who live have not had the time to say so.
 *
 * Whoever lives answers a newcomer at once by writing its key again. A key of before the start that is not written again
 * belongs to one that was killed; if it does not after all, its shards are recorded twice for a moment.
 */
export class FleetView {
  readonly #view: KvView<IngestorPresence>;
  readonly #bus: Bus;
  readonly #ownId: string;
  /** Keys that were there at the start and have not been written since, with their revisions. */
  readonly #unanswered: Map<string, number>;
  #known: Presences = new Map();
  #since: number;
  #lookedAtMs: number;

  constructor(o: { view: KvView<IngestorPresence>; bus: Bus; ownId: string; nowMs: number }) {
    this.#view = o.view;
    this.#bus = o.bus;
    this.#ownId = o.ownId;
    this.#unanswered = new Map([...o.view.entries()].map(([id, { revision }]) => [id, revision]));
    this.#since = o.nowMs;
    this.#lookedAtMs = o.nowMs;
  }

  /** Looked at every few seconds at least. */
  others(nowMs: number): Presences {
    const wasHeldUp = nowMs - this.#lookedAtMs > TTL_MS / 2;
    if (!this.#bus.connected || wasHeldUp) this.#since = nowMs;
    this.#lookedAtMs = nowMs;
    const seen = new Map<string, IngestorPresence>();
    for (const [id, { value, revision }] of this.#view.entries()) {
      if (id !== this.#ownId) seen.set(id, value);
      if (this.#unanswered.get(id) !== revision) this.#unanswered.delete(id);
    }
    this.#known = knownIngestors(this.#known, seen, {
      isAbsenceProof: nowMs - this.#since >= TTL_MS,
      silent: nowMs - this.#since >= ANSWER_MS_MAX ? new Set(this.#unanswered.keys()) : NOBODY,
    });
    return this.#known;
  }

  /** The connection is back: what is missing now is missing because of the outage. */
  reconnected(nowMs: number): void {
    this.#since = nowMs;
  }
}

/** Far more than it takes an ingestor that lives; one that is held up answers later, and counts from then on. */
const ANSWER_MS_MAX = 2_000;
const NOBODY: ReadonlySet<string> = new Set();
/** After so long without a word, the bucket forgets. */
const TTL_MS = TOPOLOGY.buckets.ingestors.ttlMs ?? 0;
