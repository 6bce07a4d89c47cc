import { connect } from '@nats-io/transport-node';
import { natsOptions } from '@polytape/test-servers';
import { expect, test } from 'vitest';
import { spawnPolytape, TestBed, until } from '../src/index.ts';

const PRESENCES = [
  '{"state":',
  'null',
  '{}',
  '{"state":"active","startedAtMs":1,"shards":{}}',
  '{"state":"active","startedAtMs":1,"capacity":10}',
  '{"state":"active","startedAtMs":1,"capacity":10,"shards":null}',
  '{"state":"active","startedAtMs":1,"capacity":10,"shards":{"0":null}}',
  '{"state":"active","startedAtMs":1,"capacity":10,"shards":{"0":{"state":"covered","version":1,"missing":5}}}',
];

test('malformed keys of other clients in the buckets of the fleet cost no trade and stop no process', async () => {
  await using bed = await TestBed.open({ markets: 20, tradesPerSecond: 100, openPerMinute: 0, closePerMinute: 0 });
  const { scheduler, ingestor } = await bed.startRecorder({
    scheduler: { SHARD_TOKENS_TARGET: '20' },
    ingestor: { OVERLAP_MS: '500' },
  });
  await bed.covered(ingestor, scheduler);
  bed.venue.startTrading();
  const nats = await connect(natsOptions(bed.nats.url));
  await using _nats = { [Symbol.asyncDispose]: () => nats.close() };
  for (const [at, text] of PRESENCES.entries()) nats.publish(`$KV.ingestors.stranger-${at}`, text);
  nats.publish('$KV.shards.0', JSON.stringify({ version: 9, tokens: tokens(501) }));
  nats.publish('$KV.shards.1', '{"version":9,"tokens":[{"tokenId":"abc","conditionId":"0x1"}]}');
  nats.publish('$KV.shards.everything', '{}');
  await nats.flush();
  const badKeys = (text: string) => ingestor.process.records.filter(({ msg }) => msg.includes(text));
  await until(
    'all told of',
    async () => badKeys('of bucket ingestors').length === PRESENCES.length && badKeys('of bucket shards').length === 3,
  );
  expect(badKeys('of bucket').every(({ level }) => String(level) === 'error')).toBe(true);
  expect(bed.venue.status().sockets.map((socket) => socket.tokens)).toEqual([20, 20]);
  await using shown = spawnPolytape(['status'], { ...bed.env });
  expect(await shown.exit(20_000)).toMatchObject({ code: 0 });

  const next = await bed.start('ws-ingestor', { OVERLAP_MS: '500' });
  await ingestor.process.record(({ msg }) => msg.endsWith('shared by 2 ingestors.'));
  nats.publish('$KV.ingestors.stranger-0', '{"state":');
  ingestor.process.signal('SIGTERM');
  expect(await ingestor.process.exit(20_000)).toMatchObject({ code: 0 });
  expect(ingestor.process.records.some(({ msg }) => /Closing \d+ shards? that no other/.test(msg))).toBe(false);
  expect(scheduler.process.running && next.process.running).toBe(true);
  await bed.drained(next);
  expect(await bed.compare()).toMatchObject({ missing: [], duplicates: 0 });
});

function tokens(count: number): object[] {
  return Array.from({ length: count }, (_, n) => ({ tokenId: String(n), conditionId: '0x1' }));
}
