/** Headers with a message's provenance: the connection that saw it. They are no part of its identity. */
export const PROVENANCE_HEADERS = {
  connection: 'Pm-Connection',
  shard: 'Pm-Shard',
  ingestor: 'Pm-Ingestor',
} as const;
