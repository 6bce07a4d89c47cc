import { expect, test } from 'vitest';
import { until, WriterBed } from './writer-bed.ts';

test('a writer that does not wait for a batch to fill commits what has come, and then what came meanwhile together', async () => {
  await using bed = await WriterBed.open();
  const writer = await bed.writer({ options: { limits: { rowsMax: 100, bytesMax: 1_000_000, ageMsMax: 0 } } });
  const inHand = () => writer.metric(/polytape_writer_messages_in_hand\{stream="TRADES"\}/);
  await bed.publish(1, 1);
  await bed.stored('TRADES');

  const hold = await bed.holdPositions();
  await bed.publish(2, 2);
  await until(async () => (await inHand()) === 1);
  await bed.publish(3, 60);
  await writer.received('TRADES');
  await hold[Symbol.asyncDispose]();
  await bed.stored('TRADES');

  expect(await bed.database.tradeCount()).toBe(60);
  expect(await writer.metric(/polytape_writer_batches_total/)).toBe(3);
});
