import { describe, expect, test } from 'vitest';
import { DatabaseProbe, isCompleteDemo, PolytapeHome, recording, SMALL_DEMO, summaryOf } from '../src/index.ts';

describe('polytape demo', () => {
  test('waits with a message for work in hand of its services when it is behind', async () => {
    await using home = await PolytapeHome.make();
    await using demo = home.spawn(['demo', '--for', '5s', ...SMALL_DEMO]);
    const runtime = await home.untilRuntime('every process', demo, isCompleteDemo);
    await recording(runtime);
    await using probe = new DatabaseProbe(runtime.databaseUrl);
    {
      await using _held = await probe.holdPosition('TRADES');
      // It waits for more than 10 s only if there is work in hand.
      await demo.line(/^Behind by \d+ trades, no progress for 1[2-9] s\. Waiting/);
    }
    expect(await demo.exit()).toEqual({ code: 0, signal: null });
    expect(summaryOf(demo)).toMatchObject({ missing: 0, duplicates: 0 });
  }, 120_000);
});
