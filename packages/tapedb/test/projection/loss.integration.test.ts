import { expect, test } from 'vitest';
import { type Loss, PositionConflictError } from '../../src/index.ts';
import { openDatabase } from '../open-database.ts';
import { batch, NOON_MS, position } from './sample-batch.ts';

const LOSSES = `SELECT stream, kind, from_stream_created_at, from_sequence, from_at, to_stream_created_at, to_sequence, to_at, detail
                FROM losses ORDER BY loss_id`;

test('a loss is recorded and the position moved, once', async () => {
  await using opened = await openDatabase({ timescale: false });
  const { database, sql } = opened;
  await database.apply(batch(0, 100));
  const loss: Loss = {
    stream: 'TRADES',
    kind: 'expired_unread',
    from: position(100),
    to: position(499, { messageAtMs: null, messageId: null }),
    detail: 'messages 101 to 499 were gone\0',
  };

  await database.recordLoss(loss);
  await expect(database.recordLoss(loss)).rejects.toThrow(PositionConflictError);

  expect(await database.position('TRADES')).toEqual(loss.to);
  expect(await sql(LOSSES)).toEqual([
    {
      stream: 'TRADES',
      kind: 'expired_unread',
      from_stream_created_at: position(100).streamCreatedAt,
      from_sequence: '100',
      from_at: new Date(NOON_MS + 100),
      to_stream_created_at: position(100).streamCreatedAt,
      to_sequence: '499',
      to_at: null,
      detail: 'messages 101 to 499 were gone\ufffd',
    },
  ]);
});

test('a stream without a position can have had a loss', async () => {
  await using opened = await openDatabase({ timescale: false });
  const { database, sql } = opened;
  await database.recordLoss({ stream: 'TRADES', kind: 'expired_unread', from: null, to: position(9), detail: 'late' });
  expect(await database.position('TRADES')).toEqual(position(9));
  expect(await sql(LOSSES)).toHaveLength(1);
});
