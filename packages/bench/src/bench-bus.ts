import { setTimeout as delay } from 'node:timers/promises';
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Bus, type OutgoingMessage } from '@polytape/bus';
import { silentLog } from '@polytape/resilience';
import { type Trade, tradeMessageId, tradeSubject } from '@polytape/types';
import type { Bench } from './bench.ts';
import { compare, type Figure, measure } from './measure.ts';
import { sampleTrades } from './sample-trades.ts';

/** Publishing with acknowledgements, then reading the same messages. */
export async function benchBus(bench: Bench): Promise<Figure[]> {
  const { url } = await bench.nats();
  const signal = new AbortController().signal;
  await using bus = await Bus.connect({ url, name: 'bench', log: silentLog, signal });
  await bus.reconcile(signal);
  await using publisher = bus.publisher({ unacknowledgedMax: WINDOW, queueMax: 50_000 });
  const { username, password, host } = new URL(url);
  const client = await connect({ servers: host, user: username, pass: password });
  await using _client = { [Symbol.asyncDispose]: () => client.close() };
  const js = jetstream(client);
  let made = 0;
  const prepare = () => {
    made += TRADES;
    return sampleTrades(made, TRADES).map(outgoing);
  };
  return [
    ...(await compare<OutgoingMessage[]>('messages', [
      {
        name: "the client's js.publish",
        prepare,
        work: async (messages) => {
          for (let at = 0; at < messages.length; at += WINDOW) {
            const some = messages.slice(at, at + WINDOW);
            await Promise.all(
              some.map(({ subject, messageId, body }) => js.publish(subject, body, { msgID: messageId })),
            );
          }
          return messages.length;
        },
      },
      {
        name: 'published and acknowledged',
        prepare,
        work: async (messages) => {
          const { acknowledged } = publisher.stats();
          for (const message of messages) publisher.publish(message);
          // Not `idle`: the publisher keeps the messages two seconds longer, and goes on with others meanwhile.
          while (publisher.stats().acknowledged < acknowledged + messages.length) await delay(1);
          return messages.length;
        },
      },
    ])),
    await measure('read in batches of 5,000', 'messages', {
      prepare: () => null,
      work: async () => {
        const { lastSequence } = await bus.streamState('TRADES');
        let read = 0;
        for await (const { messages } of bus.readBatches('TRADES', null, { rowsMax: 5_000, ageMsMax: 50, signal })) {
          read += messages.length;
          if ((messages.at(-1)?.sequence ?? 0) >= lastSequence) break;
        }
        return read;
      },
    }),
  ];
}

function outgoing(trade: Trade): OutgoingMessage {
  return { subject: tradeSubject(trade), messageId: tradeMessageId(trade), body: JSON.stringify(trade) };
}

const TRADES = 20_000;
const WINDOW = 4_000;
