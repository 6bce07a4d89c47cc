import { type JetStreamManager, jetstreamManager, type StreamConfig } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { natsOptions } from '@polytape/test-servers';

/** The server as its operator sees and changes it, past this package. */
export type Operator = AsyncDisposable & {
  nats: NatsConnection;
  jsm: JetStreamManager;
  /** Names of all streams, sorted. */
  names(): Promise<string[]>;
  config(stream: string): Promise<StreamConfig>;
};

export async function operatorOf(url: string): Promise<Operator> {
  const nats = await connect(natsOptions(url));
  const jsm = await jetstreamManager(nats);
  return {
    nats,
    jsm,
    async names() {
      const names: string[] = [];
      for await (const { config } of jsm.streams.list()) names.push(config.name);
      return names.sort();
    },
    config: async (stream) => (await jsm.streams.info(stream)).config,
    [Symbol.asyncDispose]: () => nats.close(),
  };
}
