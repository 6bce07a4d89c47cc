import { Bus, type OutgoingMessage } from '@polytape/bus';
import { silentLog } from '@polytape/resilience';
import { type Trade, tradeMessageId, tradeSubject } from '@polytape/types';
import { type Measured, measure } from './measure.ts';
import { sampleTrades } from './sample-trades.ts';

/** Publishing with acknowledgements, then reading the same messages. */
export async function benchBus(url: string): Promise<Measured[]> {
  const signal = new AbortController().signal;
  await using bus = await Bus.connect({ url, name: 'bench', log: silentLog, signal });
  await bus.reconcile(signal);
  await using publisher = bus.publisher({ unacknowledgedMax: 1_000, queueMax: 50_000 });
  return [
    await measure('published and acknowledged, one trade a message', 'messages', {
      prepare: (run) => sampleTrades(run * TRADES, TRADES).map(outgoing),
      work: async (messages) => {
        for (const message of messages) publisher.publish(message);
        await publisher.idle();
        return messages.length;
      },
    }),
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

const TRADES = 10_000;
