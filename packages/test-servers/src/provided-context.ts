import 'vitest';

/** What the global setup tells every test file. */
type ServerBroker = {
  /** Loopback address of the broker in vitest's main process: it starts a server when the first test asks. */
  url: string;
};

declare module 'vitest' {
  interface ProvidedContext {
    polytapeServerBroker: ServerBroker;
  }
}
