import { describe, expect, test } from 'vitest';
import { sampleTrade, until, WriterBed } from './writer-bed.ts';

describe('the metrics of a writer', () => {
  test('count a trade whose content one connection received more than once as a suspected repeat', async () => {
    await using bed = await WriterBed.open();
    await using running = await bed.writer();
    const trade = sampleTrade(1);
    const content = trade.tradeId.slice(0, -1);
    await bed.publishTrades([trade, { ...trade, tradeId: `${content}1` }, { ...trade, tradeId: `${content}10` }]);
    await bed.stored('TRADES');
    await until(async () => (await running.metric(/polytape_writer_trades_inserted_total/)) === 3);
    expect(await running.metric(/polytape_writer_suspected_repeats_total/)).toBe(2);
  });
});
