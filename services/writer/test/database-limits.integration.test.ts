import { databaseSession } from '@polytape/test-servers';
import { describe, expect, test } from 'vitest';
import { until, WriterBed } from './writer-bed.ts';

describe.concurrent('a batch for which the database has no time', () => {
  test.each(['57014', '53400'])('is halved after three attempts until it passes (SQLSTATE %s)', async (code) => {
    await using bed = await WriterBed.open();
    await using session = await databaseSession(bed.databaseUrl);
    await session.sql(refuse({ code, when: '(SELECT count(*) FROM rows_given) > 3' }));
    await bed.publish(1, 20);
    await using running = await bed.writer();
    await bed.stored('TRADES');

    expect(await bed.database.tradeCount()).toBe(20);
    expect(await running.metric(/polytape_writer_dead_letters_total/)).toBe(0);
    // 20, 20, 20, then 10, 5 and 2.
    expect(running.log.filter(({ sentence }) => /TRADES interrupted/.test(sentence))).toHaveLength(5);
    expect(running.log.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('makes batches smaller only until the writer has caught up', async () => {
    await using bed = await WriterBed.open();
    await using session = await databaseSession(bed.databaseUrl);
    await session.sql(refuse({ code: '57014', when: '(SELECT count(*) FROM rows_given) > 3' }));
    await bed.publish(1, 20);
    await using running = await bed.writer();
    await bed.stored('TRADES');
    await session.sql('DROP TRIGGER refuse ON trades');
    const batches = () => running.metric(/polytape_writer_batches_total/);
    await until(() => running.writer.unfinished() === null);
    const before = await batches();

    const held = await bed.holdPositions();
    await bed.publish(21, 21);
    await until(() => running.writer.unfinished() !== null);
    await bed.publish(22, 40);
    await running.received('TRADES'); // while the transaction of the first one waits, so that they become one batch
    await held[Symbol.asyncDispose]();
    await bed.stored('TRADES');
    await until(async () => (await batches()) > before + 1);
    expect(await batches()).toBe(before + 2);
  });

  test('is halved down to the message that fails alone, which is reported and retried, and does not become a dead letter', async () => {
    await using bed = await WriterBed.open();
    await using session = await databaseSession(bed.databaseUrl);
    const third = `(SELECT to_timestamp(${Date.UTC(2026, 0, 1) + 3} / 1000.0))`;
    await session.sql(refuse({ code: '57014', when: `EXISTS (SELECT FROM rows_given WHERE ts = ${third})` }));
    await bed.publish(1, 4);
    await using running = await bed.writer();
    const errors = () => running.log.filter(({ level }) => level === 'error');
    await until(() => errors().length > 0);
    const failures = () => running.log.filter(({ sentence }) => /TRADES interrupted/.test(sentence)).length;
    const before = failures();
    await until(() => failures() > before);

    expect(errors().map(({ sentence }) => sentence)).toEqual([
      expect.stringMatching(
        /^The database cannot store message 3 of TRADES within its limits: no time\. Projection of TRADES is blocked/,
      ),
    ]);
    expect(running.writer.readiness()).toEqual(['TRADES: no time']);
    expect(await bed.database.tradeCount()).toBe(2);

    await session.sql('DROP TRIGGER refuse ON trades');
    await bed.stored('TRADES');
    expect(await bed.database.tradeCount()).toBe(4);
    await until(() => running.writer.readiness().length === 0);
    expect(await running.metric(/polytape_writer_dead_letters_total/)).toBe(0);
  });
});

/** Makes the database fail when rows are inserted into `trades`, as its timeouts and limits do. */
function refuse(o: { code: string; when: string }): string {
  return `
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF ${o.when} THEN RAISE EXCEPTION 'no time' USING ERRCODE = '${o.code}'; END IF;
      RETURN NULL;
    END $$;
    CREATE TRIGGER refuse AFTER INSERT ON trades REFERENCING NEW TABLE AS rows_given
      FOR EACH STATEMENT EXECUTE FUNCTION refuse()`;
}
