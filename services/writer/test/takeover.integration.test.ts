import { tcpProxy } from '@polytape/test-servers';
import { describe, expect, test } from 'vitest';
import { type RunningWriter, until, WriterBed } from './writer-bed.ts';

/** Nothing listens there. */
const NOWHERE = 'tcp://127.0.0.1:1';

describe.concurrent('a writer that cannot reach NATS', () => {
  test('releases its streams after the stated time to one that can, and is a ready standby once it is back', async () => {
    await using bed = await WriterBed.open();
    await using way = await tcpProxy(bed.nats.url);
    await using cutOff = await bed.writer({ natsUrl: way.url, options: { takeoverAfterMs: 1_000 } });
    await ready(cutOff);
    await using standby = await bed.writer();
    await ready(standby);
    expect(await standby.projects()).toEqual([]);

    way.lead(NOWHERE);
    way.cut();
    await until(async () => (await standby.projects()).length === 6);
    expect(cutOff.writer.readiness()).toContain('the connection to NATS is interrupted');
    await bed.publish(1, 10);
    await bed.stored('TRADES');

    way.lead(bed.nats.url);
    await ready(cutOff);
    expect(await cutOff.projects()).toEqual([]);
    expect((await standby.projects()).length).toBe(6);
  });
});

describe.concurrent('a writer that lost its lead to another one', () => {
  test('stands by and is ready', async () => {
    await using bed = await WriterBed.open();
    await using way = await tcpProxy(bed.databaseUrl);
    await using first = await bed.writer({ databaseUrl: way.url });
    await ready(first);
    await using second = await bed.writer();
    await ready(second);

    way.lead(NOWHERE);
    way.cut();
    await until(async () => (await second.projects()).length === 6);
    way.lead(bed.databaseUrl);

    await ready(first);
    expect(await first.projects()).toEqual([]);
  });
});

describe.concurrent('a writer to which PostgreSQL did not answer a COMMIT', () => {
  test('is ready again when that was the last message of the stream', async () => {
    await using bed = await WriterBed.open();
    await using way = await tcpProxy(bed.databaseUrl);
    await using running = await bed.writer({ databaseUrl: way.url });
    await ready(running);

    way.cutAfter('COMMIT\0');
    await bed.publish(1, 1);
    await until(() => running.log.some(({ sentence }) => /TRADES interrupted/.test(sentence)));
    await bed.stored('TRADES');
    await ready(running);
    expect(await running.metric(/polytape_writer_lag_seconds{stream="TRADES"}/)).toBe(0);
    expect(await bed.database.tradeCount()).toBe(1);
  });
});

describe.concurrent('a writer is not ready', () => {
  test('while it cannot ask PostgreSQL for the lock of a stream', async () => {
    await using bed = await WriterBed.open();
    await using way = await tcpProxy(bed.databaseUrl);
    await using active = await bed.writer();
    await ready(active);
    await using standby = await bed.writer({ databaseUrl: way.url });
    await ready(standby);

    way.lead(NOWHERE);
    way.cut();
    await until(() => standby.writer.readiness().some((reason) => /cannot get the lock/.test(reason)));
    expect(active.writer.readiness()).toEqual([]);
  });

  test('while it cannot read, although it is connected and holds the locks', async () => {
    await using bed = await WriterBed.open();
    await using way = await tcpProxy(bed.nats.url);
    await using deaf = await bed.writer({ natsUrl: way.url, pingMs: 60_000, options: { takeoverAfterMs: 1_000 } });
    await ready(deaf);

    way.mute();
    await until(() => deaf.writer.readiness().some((reason) => /could not be read for 1 s/.test(reason)));
    expect(deaf.writer.readiness()).not.toContain('the connection to NATS is interrupted');

    way.unmute();
    await ready(deaf);
  });

  test('while it is more than a minute behind the log', async () => {
    await using bed = await WriterBed.open();
    let laterMs = 0;
    await using slow = await bed.writer({ options: { nowMs: () => Date.now() + laterMs } });
    await ready(slow);
    const held = await bed.holdPositions();
    await bed.publish(1, 10);
    await until(() => slow.writer.unfinished() !== null);
    expect(slow.writer.readiness()).toEqual([]);

    laterMs = 61_000;
    expect(slow.writer.readiness()).toEqual([expect.stringMatching(/^TRADES: 6\d s behind the log$/)]);

    await held[Symbol.asyncDispose]();
    await bed.stored('TRADES');
    await ready(slow);
  });
});

async function ready(running: RunningWriter): Promise<void> {
  await until(() => running.writer.readiness().length === 0);
}
