import { Bus } from '@polytape/bus';
import { silentLog } from '@polytape/resilience';
import { tcpProxy } from '@polytape/test-servers';
import { describe, expect, test } from 'vitest';
import { sampleTrade, tradeMessage, until, WriterBed } from './writer-bed.ts';

describe('a writer whose log lost its tail and grew past the position', () => {
  test('records a loss and stores what the log has now, although it was idle and had read nothing', async ({
    skip,
  }) => {
    await using bed = await WriterBed.open();
    const { nats } = bed;
    if (nats.copyData === undefined) return skip('the data of this server are not ours to copy');
    await using way = await tcpProxy(nats.url);
    await bed.publish(1, 3);
    const restore = await nats.copyData();
    await bed.publish(4, 6);
    const options = { republishedWithinMs: 2_000 };
    await using before = await bed.writer({ options });
    await bed.stored('TRADES');
    await before[Symbol.asyncDispose]();
    await using idle = await bed.writer({ natsUrl: way.url, options });
    await until(async () => (await idle.projects()).includes('TRADES'));

    way.lead(NOWHERE);
    way.cut();
    await nats.kill();
    await restore();
    await nats.start();
    await bed.publish(101, 110); // messages 4 to 13
    way.lead(nats.url);

    await bed.stored('TRADES');

    expect(await bed.database.tradeCount()).toBe(16);
    const errors = () => idle.log.filter(({ level, fields }) => level === 'error' && fields.stream === 'TRADES');
    await until(() => errors().length > 0);
    expect(errors().map(({ fields }) => fields.kind)).toEqual(['tail_lost']);
    expect(await bed.losses()).toEqual(['tail_lost']);
  });

  test('stores what the log has now, and records without an alarm that the publisher has sent the tail again', async ({
    skip,
  }) => {
    await using bed = await WriterBed.open();
    const { nats } = bed;
    if (nats.copyData === undefined) return skip('the data of this server are not ours to copy');
    await bed.publish(1, 3);
    const restore = await nats.copyData();
    // Held for as long as the test lasts.
    await using publisher = bed.bus.publisher({ unacknowledgedMax: 100, queueMax: 100, holdMs: 600_000 });
    for (const n of [4, 5, 6]) publisher.publish(tradeMessage(sampleTrade(n)));
    await publisher.acknowledged();
    await using writer = await bed.writer();
    await bed.stored('TRADES');

    await nats.kill();
    await restore();
    await nats.start();
    await until(() => publisher.stats().republished === 3);
    await publisher.acknowledged();
    for (const n of [7, 8]) publisher.publish(tradeMessage(sampleTrade(n)));
    await publisher.acknowledged();

    await bed.stored('TRADES');

    const notes = () => writer.log.filter(({ fields }) => fields.stream === 'TRADES' && fields.kind !== undefined);
    await until(() => notes().length > 0);
    expect(notes().map(({ level, fields }) => [level, fields.kind])).toEqual([['info', 'tail_rewritten']]);
    expect(await bed.database.tradeCount()).toBe(8);
    expect(await bed.losses()).toEqual(['tail_rewritten']);
  });

  test('leaves the judgement to its successor when it ends before the publisher is back', async ({ skip }) => {
    await using bed = await WriterBed.open();
    const { nats } = bed;
    if (nats.copyData === undefined) return skip('the data of this server are not ours to copy');
    await using way = await tcpProxy(nats.url);
    const connecting = { url: way.url, name: 'publisher', log: silentLog, signal: new AbortController().signal };
    await using bus = await Bus.connect(connecting);
    await bed.publish(1, 3);
    const restore = await nats.copyData();
    await using publisher = bus.publisher({ unacknowledgedMax: 100, queueMax: 100, holdMs: 600_000 });
    for (const n of [4, 5, 6]) publisher.publish(tradeMessage(sampleTrade(n)));
    await publisher.acknowledged();
    await using first = await bed.writer();
    await bed.stored('TRADES');

    way.lead(NOWHERE);
    way.cut();
    await nats.kill();
    await restore();
    await nats.start();
    await until(() => first.log.some(({ sentence }) => /^The broker lost the end of stream TRADES/.test(sentence)));
    await first[Symbol.asyncDispose]();
    expect(await bed.losses()).toEqual([]);
    expect((await bed.database.position('TRADES'))?.sequence).toBe(6);
    await using _second = await bed.writer();
    way.lead(nats.url);
    await until(() => publisher.stats().republished === 3);
    await publisher.acknowledged();

    await bed.stored('TRADES');
    await until(async () => (await bed.losses()).length > 0);
    expect(await bed.database.tradeCount()).toBe(6);
    expect(await bed.losses()).toEqual(['tail_rewritten']);
  });
});

/** Nothing listens there. */
const NOWHERE = 'nats://127.0.0.1:1';
