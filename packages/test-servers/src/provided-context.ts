import 'vitest';

/** What the global setup provides to every test file. */
type ServerBroker = {
  /** Address of the broker in vitest's main process, which starts servers on first use. */
  url: string;
};

declare module 'vitest' {
  interface ProvidedContext {
    polytapeServerBroker: ServerBroker;
  }
}
