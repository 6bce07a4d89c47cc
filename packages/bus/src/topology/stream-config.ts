import { DiscardPolicy, RetentionPolicy, StorageType, StoreCompression, type StreamConfig } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { DUPLICATE_WINDOW_MS } from '@polytape/types';
import type { BucketDefinition, StreamDefinition, Topology } from './topology.ts';

/** The settings that we want for a stream; all others are the operator's choice. */
export type WantedStream = {
  kind: 'stream' | 'bucket';
  config: Partial<StreamConfig> & { name: string; subjects: string[] };
};

/** The JetStream configuration of every stream and bucket of the table. */
export function wantedStreams(topology: Topology, replicas: number): WantedStream[] {
  return [
    ...Object.entries(topology.streams).map(([name, stream]) => streamConfig(name, stream, replicas)),
    ...Object.entries(topology.buckets).map(([name, bucket]) => bucketConfig(name, bucket, replicas)),
  ];
}

/** The stream behind a bucket, by the convention of all NATS clients. */
export function bucketStream(bucket: string): string {
  return `KV_${bucket}`;
}

/** The subject of a key, or of all keys with `>`. */
export function keySubject(bucket: string, key: string): string {
  return `$KV.${bucket}.${key}`;
}

function streamConfig(name: string, stream: StreamDefinition, replicas: number): WantedStream {
  return {
    kind: 'stream',
    config: {
      ...common(name, stream.description, replicas),
      subjects: stream.subjects,
      compression: StoreCompression.S2,
      discard: DiscardPolicy.Old,
      max_age: stream.keepsMs === null ? 0 : nanos(stream.keepsMs),
      max_msgs_per_subject: stream.keepsPerSubject ?? -1,
      ...(stream.keepsBytes === null ? {} : { max_bytes: stream.keepsBytes }),
      duplicate_window: nanos(DUPLICATE_WINDOW_MS),
    },
  };
}

function bucketConfig(bucket: string, definition: BucketDefinition, replicas: number): WantedStream {
  const { ttlMs } = definition;
  return {
    kind: 'bucket',
    config: {
      ...common(bucketStream(bucket), definition.description, replicas),
      subjects: [keySubject(bucket, '>')],
      discard: DiscardPolicy.New,
      max_msgs_per_subject: 1,
      allow_rollup_hdrs: true,
      deny_delete: true,
      ...(ttlMs === null
        ? {}
        : {
            max_age: nanos(ttlMs),
            // Without a marker, watchers do not learn that a key expired.
            allow_msg_ttl: true,
            subject_delete_marker_ttl: nanos(ttlMs),
          }),
    },
  };
}

function common(name: string, description: string, replicas: number) {
  return {
    name,
    description,
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    allow_direct: true,
    num_replicas: replicas,
  };
}
