import { DiscardPolicy, type StreamConfig } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { describe, expect, test } from 'vitest';
import { type WantedStream, wantedStreams } from '../../src/topology/stream-config.ts';
import { streamDifferences } from '../../src/topology/stream-difference.ts';
import { TOPOLOGY } from '../../src/topology/topology.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
const trades = wanted('TRADES');
const markets = wanted('MARKETS');
const ingestors = wanted('KV_ingestors');

describe('a stream', () => {
  test.for(wantedStreams(TOPOLOGY, 1).map((stream) => [stream.config.name, stream] as const))(
    '%s does not differ from itself',
    ([, stream]) => {
      expect(streamDifferences(stream.config, stream)).toEqual([]);
    },
  );

  test.for([
    ['keeps longer', { max_age: nanos(60 * DAY_MS) }],
    ['keeps forever', { max_age: 0 }],
    ['has more replicas', { num_replicas: 3 }],
    ['has a wider duplicate window', { duplicate_window: nanos(600_000) }],
    ['takes more subjects', { subjects: ['pm.trade.>', 'pm.more'] }],
    ['has another description', { description: 'mine' }],
    ['has limits that the table does not name', { max_bytes: 1_000 }],
  ] satisfies [string, Partial<StreamConfig>][])('that %s is left alone', ([, change]) => {
    expect(streamDifferences({ ...trades.config, ...change }, trades)).toEqual([]);
  });

  test.for([
    ['keeps less long', 'max_age', nanos(DAY_MS)],
    ['discards the new', 'discard', DiscardPolicy.New],
    ['has a narrower duplicate window', 'duplicate_window', nanos(1_000)],
    ['keeps few per subject', 'max_msgs_per_subject', 10],
  ] satisfies [string, keyof StreamConfig, unknown][])('that %s differs', ([, setting, value]) => {
    expect(streamDifferences({ ...trades.config, [setting]: value }, trades)).toEqual([
      { setting, actual: value, wanted: trades.config[setting] },
    ]);
  });

  test('of limited size differs when it keeps less, but not when an operator lets it keep more', () => {
    const books = wanted('BOOKS');
    const keeps = (max_bytes: number) => streamDifferences({ ...books.config, max_bytes }, books);
    expect(keeps(1_000)).toEqual([{ setting: 'max_bytes', actual: 1_000, wanted: books.config.max_bytes }]);
    expect(keeps(100 * 1_024 ** 3)).toEqual([]);
    expect(keeps(-1)).toEqual([]);
  });

  test('with too few replicas differs', () => {
    const three = wantedStreams(TOPOLOGY, 3).find(({ config }) => config.name === 'TRADES');
    expect(three && streamDifferences(trades.config, three)).toEqual([
      { setting: 'num_replicas', actual: 1, wanted: 3 },
    ]);
  });

  test('that lacks a subject gets it in addition to its own, except for those that it covers', () => {
    const actual = { ...trades.config, subjects: ['pm.trade.0x1.*', 'pm.more'] };
    expect(streamDifferences(actual, trades)).toEqual([
      { setting: 'subjects', actual: actual.subjects, wanted: ['pm.more', 'pm.trade.*.*'] },
    ]);
  });

  test('that keeps last messages may keep more than one per subject', () => {
    expect(streamDifferences({ ...markets.config, max_msgs_per_subject: 5 }, markets)).toEqual([]);
  });
});

describe('a bucket', () => {
  test('that keeps longer differs, because its age has a meaning', () => {
    expect(streamDifferences({ ...ingestors.config, max_age: nanos(60_000) }, ingestors)).toHaveLength(1);
  });

  test('without markers differs', () => {
    const { allow_msg_ttl, subject_delete_marker_ttl, ...plain } = ingestors.config;
    expect([allow_msg_ttl, subject_delete_marker_ttl]).toEqual([true, nanos(15_000)]);
    expect(streamDifferences(plain, ingestors).map(({ setting }) => setting)).toEqual([
      'allow_msg_ttl',
      'subject_delete_marker_ttl',
    ]);
  });
});

function wanted(name: string): WantedStream {
  const found = wantedStreams(TOPOLOGY, 1).find(({ config }) => config.name === name);
  if (found === undefined) throw new Error(`the table has no ${name}`);
  return found;
}
