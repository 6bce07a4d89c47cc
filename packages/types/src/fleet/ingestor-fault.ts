import { isTokenId } from '../identity/ids.ts';
import { isCount, isFault, isRecord, type ValueFault } from '../messages/value-fault.ts';

/** Why a value of the bucket `ingestors` is not an `IngestorPresence`, or null. Unknown fields are allowed. */
export function presenceFault(value: unknown): ValueFault {
  if (!isRecord(value)) return isFault('it', value);
  const { startedAtMs, state, capacity, shards } = value;
  if (!isCount(startedAtMs)) return isFault('startedAtMs', startedAtMs);
  if (state !== 'active' && state !== 'leaving') return isFault('state', state);
  if (!isCount(capacity, 1)) return isFault('capacity', capacity);
  if (!isRecord(shards)) return isFault('shards', shards);
  for (const [shard, service] of Object.entries(shards)) {
    const fault = serviceFault(service);
    if (fault !== null) return `of shard ${shard} ${fault}`;
  }
  return null;
}

function serviceFault(service: unknown): ValueFault {
  if (!isRecord(service)) return isFault('the service', service);
  const { state, version, releasingSince = null, lacking = [], missing = [], dumpTooLarge = true } = service;
  if (!STATES.has(state)) return isFault('the state', state);
  if (!isCount(version)) return isFault('the version', version);
  if (releasingSince !== null && !isCount(releasingSince)) return isFault('releasingSince', releasingSince);
  if (lacking !== 'all' && !(Array.isArray(lacking) && lacking.every(isTokenId))) return isFault('lacking', lacking);
  if (!Array.isArray(missing) || !missing.every(isTokenId)) return isFault('missing', missing);
  if (dumpTooLarge !== true) return isFault('dumpTooLarge', dumpTooLarge);
  return null;
}

const STATES: ReadonlySet<unknown> = new Set(['opening', 'covered', 'releasing']);
