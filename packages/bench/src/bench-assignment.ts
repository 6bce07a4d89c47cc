import { assignShards } from '../../../services/ws-ingestor/src/fleet/assign-shards.ts';
import { type Figure, measure } from './measure.ts';

/** Which ingestor records which shard; each ingestor computes this whenever one joins or leaves. */
export async function benchAssignment(): Promise<Figure[]> {
  const shards = Array.from({ length: 800 }, (_, number) => number);
  const members = Array.from({ length: 50 }, (_, at) => ({ id: `ingestor-${at}`, capacity: 1_000 }));
  const assign = (redundancy: number) =>
    measure(`800 shards to 50 ingestors, redundancy ${redundancy}`, 'assignments', {
      clock: 'cpu',
      prepare: () => redundancy,
      work: () => {
        assignShards({ shards, members, redundancy });
        return 1;
      },
    });
  return [await assign(1), await assign(2)];
}
