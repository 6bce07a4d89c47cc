import { Bus, type Topology } from '../src/index.ts';
import { RecordedLog } from './read/recorded-log.ts';

/** A bus with its log and its stop; `stop.abort()` ends what it started. */
export type TestBus = AsyncDisposable & { bus: Bus; log: RecordedLog; stop: AbortController };

/** Connects, and makes the streams and buckets of the table unless told not to. */
export async function testBus(
  url: string,
  o: { reconcile?: boolean; topology?: Topology; pingMs?: number } = {},
): Promise<TestBus> {
  const stop = new AbortController();
  const log = new RecordedLog();
  const bus = await Bus.connect({ url, name: 'test', log, signal: stop.signal, pingMs: o.pingMs ?? 10_000 });
  const made = {
    bus,
    log,
    stop,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await bus[Symbol.asyncDispose]();
    },
  };
  if (o.reconcile === false) return made;
  try {
    await bus.reconcile(stop.signal, o.topology === undefined ? {} : { topology: o.topology });
    return made;
  } catch (error) {
    await made[Symbol.asyncDispose]();
    throw error;
  }
}
