import { describe, expect, test } from 'vitest';
import { BatchRejectedError, TradeRows } from '../../src/index.ts';
import { openDatabase } from '../open-database.ts';
import { batch, book, deadLetter, market, NOON_MS, position, step, trade } from './sample-batch.ts';

describe('a batch with a row that the database refuses', () => {
  test('is not stored, and neither is its position', async () => {
    await using opened = await openDatabase({ timescale: false });
    const { database, sql } = opened;
    await sql('ALTER TABLE trades ADD CHECK (size < 1000)');
    const error = await database
      .apply(batch(0, 2, { trades: [trade('good'), trade('bad', { size: '1000' })] }))
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(BatchRejectedError);
    expect(error).toMatchObject({ disposition: 'dead-letter', message: expect.stringMatching(/check constraint/) });
    expect(await database.position('TRADES')).toBeNull();
    expect(await database.tradeCount()).toBe(0);
  });

  test('is stored without that row once halving has found it', async () => {
    await using opened = await openDatabase({ timescale: false });
    const { database, sql } = opened;
    await sql('ALTER TABLE trades ADD CONSTRAINT small CHECK (size < 1000)');
    const trades = [...Array(16).keys()].map((at) => trade(`${at}`, at === 11 ? { size: '1000' } : {}));

    const store = async (from: number, to: number): Promise<void> => {
      try {
        await database.apply(batch(from, to, { trades: trades.slice(from, to) }));
      } catch (error) {
        if (!(error instanceof BatchRejectedError)) throw error;
        const middle = Math.floor((from + to) / 2);
        if (middle === from) {
          const letter = deadLetter({ sequence: to, reason: error.message });
          await database.apply(batch(from, to, { deadLetters: [letter] }));
        } else {
          await store(from, middle);
          await store(middle, to);
        }
      }
    };
    await store(0, 16);

    expect(await database.tradeCount()).toBe(15);
    expect(await database.position('TRADES')).toEqual(position(16));
    expect(await sql('SELECT sequence, reason FROM dead_letters')).toEqual([
      { sequence: '12', reason: expect.stringMatching(/^the database refuses the batch: .*"small"$/) },
    ]);
  });
});

test('a broken text of the venue is stored with the broken characters replaced', async () => {
  await using opened = await openDatabase({ timescale: false });
  const spoilt = market({ question: 'Yes\0 or \ud83d?', tags: ['\0'], category: '\udc00' });
  await opened.database.apply({ ...batch(0, 1, { markets: [spoilt] }), stream: 'MARKETS' });
  expect(await opened.sql('SELECT question, tags, category FROM markets')).toEqual([
    { question: 'Yes\ufffd or \ufffd?', tags: ['\ufffd'], category: '\ufffd' },
  ]);
});

test('a batch that cannot be made into rows, because decoding let a value through, is rejected', async () => {
  await using opened = await openDatabase({ timescale: false });
  const wrong = { toString: 1 };
  for (const rows of [
    { books: [book(), { ...book(), hash: wrong }] },
    { markets: [{ ...market(), endAtMs: Number.NaN }] },
  ]) {
    const refused = opened.database.apply(batch(0, 2, rows as never));
    await expect(refused).rejects.toBeInstanceOf(BatchRejectedError);
  }
  expect(() => TradeRows.of([trade('good'), { ...trade('bad'), price: wrong as never }])).toThrow(BatchRejectedError);
});

test('a step is kept without its venue time when that is impossible', async () => {
  await using opened = await openDatabase({ timescale: false });
  const facts = [
    step(1, { exchangeAtMs: 0 }),
    step(2, { exchangeAtMs: Date.UTC(9998, 0, 1) }),
    step(3, { exchangeAtMs: NOON_MS }),
  ];
  await opened.database.apply(batch(0, 3, { facts }));
  expect(await opened.sql('SELECT step, exchange_at FROM resolution_events ORDER BY step')).toEqual([
    { step: 1, exchange_at: null },
    { step: 2, exchange_at: null },
    { step: 3, exchange_at: new Date(NOON_MS) },
  ]);
});
