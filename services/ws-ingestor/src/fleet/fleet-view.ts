import { type Bus, type KvView, TOPOLOGY } from '@polytape/bus';
import type { IngestorPresence } from '@polytape/types';
import { knownIngestors, type Presences } from './known-ingestors.ts';

/**
 * The other ingestors, as seen from here. An ingestor disappears when its key's TTL has expired, but not within one TTL
 * after a start, after an interruption of the connection to the broker, or after this process was held up: until then
 * live ingestors may not have had the time to write their keys.
 *
 * A live ingestor answers a newcomer at once by writing its key again. A key from before the start that is not written
 * again belongs to an ingestor that was killed. If that is wrong, its shards are briefly recorded twice.
 */
export class FleetView {
  readonly #view: KvView<IngestorPresence>;
  readonly #bus: Bus;
  readonly #ownId: string;
  /** Keys that existed at the start and have not been written since, with their revisions. */
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

  /** The other ingestors. Must be called every few seconds. */
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

  /** The connection to the broker is back: keys that are missing now may be missing because of the outage. */
  reconnected(nowMs: number): void {
    this.#since = nowMs;
  }
}

/** Far longer than a live ingestor needs to answer. One that is held up answers later, and counts from then on. */
const ANSWER_MS_MAX = 2_000;
const NOBODY: ReadonlySet<string> = new Set();
/** A key expires after this time without a write. */
const TTL_MS = TOPOLOGY.buckets.ingestors.ttlMs ?? 0;
