/** Headers that say which connection saw a message: provenance, and no part of its identity. */
export const PROVENANCE_HEADERS = {
  connection: 'Pm-Connection',
  shard: 'Pm-Shard',
  ingestor: 'Pm-Ingestor',
} as const;
