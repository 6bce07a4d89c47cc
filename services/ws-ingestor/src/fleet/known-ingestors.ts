import type { IngestorPresence } from '@polytape/types';

/** What ingestors say of themselves, by their ids. */
export type Presences = ReadonlyMap<string, IngestorPresence>;

/**
 * The other ingestors that are to be reckoned with: those that are seen, and while absence proves nothing also those
 * that were known before. After an outage of the broker nobody's key is there, though all of them go on recording.
 *
 * Those in `silent` are not: they were there before this ingestor and did not answer when it joined. One that was killed
 * and is started again would otherwise leave half of the shards to its own dead key.
 */
export function knownIngestors(
  before: Presences,
  seen: Presences,
  o: { isAbsenceProof: boolean; silent: ReadonlySet<string> },
): Presences {
  const known = o.isAbsenceProof ? seen : new Map([...before, ...seen]);
  return o.silent.size === 0 ? known : new Map([...known].filter(([id]) => !o.silent.has(id)));
}
