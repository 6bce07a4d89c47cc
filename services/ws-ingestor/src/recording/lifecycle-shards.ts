/**
 * The shards whose connections hear the venue's global events: those with the lowest numbers in the plan, so that all
 * replicas agree on them. They are few, because the events go to every such connection.
 */
export function lifecycleShards(planned: Iterable<number>, count: number): Set<number> {
  return new Set([...planned].sort((a, b) => a - b).slice(0, count));
}
