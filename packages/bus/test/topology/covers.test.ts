import { describe, expect, test } from 'vitest';
import { covers } from '../../src/topology/stream-difference.ts';

describe('a subject pattern', () => {
  test.for([
    ['pm.trade.*.*', 'pm.trade.*.*'],
    ['pm.trade.*.*', 'pm.trade.0x1.2'],
    ['pm.>', 'pm.trade.*.*'],
    ['pm.trade.>', 'pm.trade.0x1.>'],
    ['*.trade.0x1', 'pm.trade.0x1'],
  ] as const)('%s covers %s', ([wide, narrow]) => {
    expect(covers(wide, narrow)).toBe(true);
  });

  test.for([
    ['pm.trade.0x1.*', 'pm.trade.*.*'],
    ['pm.trade.*', 'pm.trade.*.*'],
    ['pm.trade.*.*', 'pm.trade.*'],
    ['pm.trade.*.*', 'pm.trade.>'],
    ['pm.trade.>', 'pm.trade'],
    ['pm.market.*', 'pm.trade.*'],
  ] as const)('%s does not cover %s', ([wide, narrow]) => {
    expect(covers(wide, narrow)).toBe(false);
  });
});
