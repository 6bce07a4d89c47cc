import type { IngestorPresence } from '@polytape/types';

/** What ingestors announce, by id. */
export type Presences = ReadonlyMap<string, IngestorPresence>;

/**
 * The other ingestors that count: those seen now and, while absence proves nothing, those known before. After an outage of
 * the broker no key exists, though all ingestors go on recording.
 *
 * Ingestors in `silent` do not count: their keys existed before this ingestor started, and they did not answer when it
 * joined. Otherwise an ingestor that was killed and restarted would leave half of the shards to its own dead key.
 */
export function knownIngestors(
  before: Presences,
  seen: Presences,
  o: { isAbsenceProof: boolean; silent: ReadonlySet<string> },
): Presences {
  const known = o.isAbsenceProof ? seen : new Map([...before, ...seen]);
  return o.silent.size === 0 ? known : new Map([...known].filter(([id]) => !o.silent.has(id)));
}
