import { describe, expect, test } from 'vitest';
import { renderLine, renderScreen, type ShownTrade, type Snapshot } from '../../src/run/view.ts';

const EVIL = 'a\u001b[2J\nb\u009b31m\u202e';
/** Control characters, and marks that reverse the direction of writing. */
const OBEYED = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u;

const snapshot: Snapshot = {
  title: 'polytape demo',
  elapsedMs: 65_000,
  forMs: 120_000,
  executed: 1_234,
  shards: 3,
  connectedShards: 2,
  tokens: 1_200,
  coveredTokens: 800,
  framesPerSecond: 2_449.6,
  tradesPerSecond: 3.25,
  markets: 600,
  prices: 2_400,
  books: 1_200,
  resolutionSteps: 7,
  recorded: 1_230,
  recordedPerSecond: 171,
  p50Ms: 8.25,
  p99Ms: 79.4,
  unpublished: 4,
  unparsed: 0,
  deadLetters: 0,
  restarts: 0,
  troubles: [],
  trades: [
    {
      atMs: Date.UTC(2026, 0, 1, 12),
      side: 'BUY',
      price: '0.41',
      size: '101.879441',
      outcome: 'Yes',
      question: 'Will it rain?',
    },
  ],
};

describe('the screen', () => {
  test('shows the progress of every part', () => {
    expect(renderScreen(snapshot, 100)).toEqual([
      'polytape demo  01:05 of 02:00',
      '',
      '  venue     1,234 trades executed',
      '  scheduler 600 open markets; 2,400 prices, 1,200 books, 7 resolution steps',
      '  ingestor  2 of 3 shards connected, 800 of 1,200 tokens covered',
      '            2,450 frames/s, 3.3 trades/s, 4 waiting for the log',
      '  writer    1,230 trades recorded, 171/s',
      '            receive to committed row: p50 8.3 ms, p99 79 ms',
      '',
      '  12:00:00.000  BUY   0.41        101.88  Yes         Will it rain?',
    ]);
  });

  test('omits unknown values and lists every trouble', () => {
    const lines = renderScreen(
      { ...snapshot, executed: null, forMs: null, p50Ms: null, troubles: ['writer-1: away'] },
      100,
    );
    expect(lines[0]).toBe('polytape demo  01:05');
    expect(lines.some((line) => line.includes('executed'))).toBe(false);
    expect(lines).toContain('  !  writer-1: away');
  });

  test('has the singular of one shard and one dead letter, and thousands separators', () => {
    const lines = renderScreen({ ...snapshot, shards: 1, connectedShards: 1, deadLetters: 1, p99Ms: 3_180.6 }, 100);
    expect(lines).toContain('  ingestor  1 of 1 shard connected, 800 of 1,200 tokens covered');
    expect(lines).toContain('            receive to committed row: p50 8.3 ms, p99 3,181 ms');
    expect(lines).toContain('  set aside 0 unparsed, 1 dead letter; processes restarted: 0');
  });

  test('mentions unparsed frames and dead letters only if there are any', () => {
    expect(renderScreen(snapshot, 100).join()).not.toContain('set aside');
    expect(renderScreen({ ...snapshot, unparsed: 2 }, 100)).toContain(
      '  set aside 2 unparsed, 0 dead letters; processes restarted: 0',
    );
  });

  test.each(['question', 'outcome', 'side', 'price'] as const)('contains no control characters of the %s', (field) => {
    const [trade] = snapshot.trades;
    const evil = { ...snapshot, trades: [{ ...trade, [field]: EVIL } as ShownTrade], troubles: [EVIL] };
    const lines = renderScreen(evil, 200);
    expect(lines).toHaveLength(renderScreen({ ...snapshot, troubles: ['x'] }, 200).length);
    for (const line of [...lines, renderLine(evil)]) expect(line).not.toMatch(OBEYED);
  });

  test('is never wider than the terminal, because a wrapped line could not be erased', () => {
    for (const columns of [1, 20, 40])
      for (const line of renderScreen(snapshot, columns)) expect(line.length).toBeLessThanOrEqual(columns);
  });
});

describe('the plain line', () => {
  test('has the same figures in one line', () => {
    expect(renderLine({ ...snapshot, troubles: ['writer-1: away'] })).toBe(
      '01:05  executed 1,234, recorded 1,230 (171/s); 2 of 3 shards connected, 2,450 frames/s; p50 8.3 ms, p99 79 ms; ' +
        'last: BUY 101.879441 at 0.41, Will it rain?; writer-1: away',
    );
  });
});
