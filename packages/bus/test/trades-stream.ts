import type { Bus, StreamBatch, StreamMessage } from '../src/index.ts';
import type { TestBus } from './test-bus.ts';
import { operatorOf } from './topology/operator.ts';

export function trade(n: number, body = `{"n":${n}}`) {
  return { subject: `pm.trade.0x1.${n}`, messageId: `id-${n}`, body, headers: { 'Pm-Connection': `c-${n}` } };
}

export async function publish(bus: Bus, from: number, to: number, body?: string): Promise<void> {
  await using publisher = bus.publisher({ unacknowledgedMax: 200, queueMax: 100_000 });
  for (let n = from; n < to; n += 1) publisher.publish(trade(n, body));
  await publisher.acknowledged();
}

export function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, at) => from + at);
}

export function sequences(messages: StreamMessage[]): number[] {
  return messages.map(({ sequence }) => sequence);
}

/** What the server's only consumer of TRADES has delivered. */
export async function deliveredOf(url: string) {
  const operator = await operatorOf(url);
  return {
    delivered: async (): Promise<number> => {
      for await (const { delivered } of operator.jsm.consumers.list('TRADES')) return delivered.consumer_seq;
      return 0;
    },
    [Symbol.asyncDispose]: () => operator[Symbol.asyncDispose](),
  };
}

/** The error with which the next batch is refused. */
export async function failureOf(batches: AsyncGenerator<StreamBatch>): Promise<unknown> {
  return await batches.next().then(
    () => null,
    (error) => error,
  );
}

export function readAll(bus: Bus, o: { rowsMax: number; ageMsMax: number }) {
  return bus.readBatches('TRADES', null, { ...o, signal: new AbortController().signal });
}

export async function readUntil(
  { bus, stop }: TestBus,
  from: { sequence: number } | null,
  count: number,
  o: { rowsMax: number; ageMsMax: number; bytesMax?: number },
): Promise<StreamBatch[]> {
  const batches: StreamBatch[] = [];
  let rows = 0;
  for await (const batch of bus.readBatches('TRADES', from, { ...o, signal: stop.signal })) {
    batches.push(batch);
    rows += batch.messages.length;
    if (rows >= count) break;
  }
  return batches;
}

export async function read(made: TestBus, from: { sequence: number } | null, count: number): Promise<StreamMessage[]> {
  const batches = await readUntil(made, from, count, { rowsMax: 1_000, ageMsMax: 5 });
  return batches.flatMap(({ messages }) => messages);
}
