export { Bus, type StreamState } from './bus.ts';
export type { ConnectOptions } from './connection/connection.ts';
export {
  BadValueError,
  BusConfigurationError,
  BusPermissionError,
  BusUnavailableError,
  NoAnswerError,
  RevisionConflictError,
  StreamMissingError,
  StreamReplacedError,
} from './errors.ts';
export { KvBucket } from './kv/kv-bucket.ts';
export type { KvEntry } from './kv/kv-entry.ts';
export { KvView, type KvViewOptions } from './kv/kv-view.ts';
export type { OutgoingMessage } from './publish/outgoing.ts';
export { Publisher } from './publish/publisher.ts';
export type { PublisherOptions, PublisherStats } from './publish/publisher-options.ts';
export type { ReadOptions } from './read/batch-reader.ts';
export { isMessageAt, type ReadPosition, type StreamBatch, type StreamMessage } from './read/stream-message.ts';
export type { RequestAllOptions, RequestOptions } from './request/request.ts';
export type { Refusal, RequestHandler } from './request/serve.ts';
export {
  type BucketDefinition,
  type BucketName,
  type StreamDefinition,
  type StreamName,
  TOPOLOGY,
  type Topology,
} from './topology/topology.ts';
