export { BadValueError } from './bad-value-error.ts';
export type { ReadOptions } from './batch-reader.ts';
export { Bus, type StreamState } from './bus.ts';
export { BusConfigurationError } from './bus-configuration-error.ts';
export { BusPermissionError } from './bus-permission-error.ts';
export { BusUnavailableError } from './bus-unavailable-error.ts';
export type { ConnectOptions } from './connection.ts';
export { KvBucket } from './kv-bucket.ts';
export type { KvEntry } from './kv-entry.ts';
export { KvView, type KvViewOptions, type KvViewStats } from './kv-view.ts';
export { NoAnswerError } from './no-answer-error.ts';
export { type OutgoingMessage, Publisher, type PublisherOptions, type PublisherStats } from './publisher.ts';
export type { RequestAllOptions, RequestOptions } from './request.ts';
export { RevisionConflictError } from './revision-conflict-error.ts';
export type { Refusal, RequestHandler } from './serve.ts';
export type { StreamBatch, StreamMessage } from './stream-message.ts';
export { StreamMissingError } from './stream-missing-error.ts';
export { StreamReplacedError } from './stream-replaced-error.ts';
export {
  type BucketDefinition,
  type BucketName,
  type StreamDefinition,
  type StreamName,
  TOPOLOGY,
  type Topology,
} from './topology.ts';
