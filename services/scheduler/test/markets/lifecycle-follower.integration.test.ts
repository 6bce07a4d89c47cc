import { Bus } from '@polytape/bus';
import { type GammaMarket, VenueUnavailableError } from '@polytape/polymarket';
import { createLogger, type Logger } from '@polytape/service';
import { testNats } from '@polytape/test-servers';
import { eventSubject, type LifecycleEvent, lifecycleMessageId } from '@polytape/types';
import { describe, expect, test } from 'vitest';
import { LifecycleFollower } from '../../src/markets/lifecycle-follower.ts';
import { MarketRegistry } from '../../src/markets/market-registry.ts';
import type { ResolutionObservation } from '../../src/resolutions/next-resolution.ts';
import { newCounters } from '../../src/scheduler-counters.ts';
import { sampleMarket } from '../sample-market.ts';

const NOON_MS = Date.UTC(2026, 7, 14, 12);
const AT_NOON = { exchangeAtMs: NOON_MS, receivedAtUs: NOON_MS * 1_000 + 2_500 };

const log = createLogger({ service: 'test', level: 'error' });

describe('a follower of the events', () => {
  test('asks for an announced market until Gamma has it, and has it planned as announced', async () => {
    await using f = await following();
    f.tell('new_market', '0xab');
    await f.until(() => f.rounds() === 2); // it was asked twice in vain
    f.gammaHas(sampleMarket('0xab'));
    await f.until(() => f.announced.includes('0xab'));
    expect(f.registry.stateOf('0xab')).toBe('open');
  });

  test('asks for a resolved market until Gamma calls it closed: until then it is open', async () => {
    await using f = await following();
    f.knows(sampleMarket('0xab'));
    f.gammaHas(sampleMarket('0xab'));
    f.tell('market_resolved', '0xab');
    await f.until(() => f.rounds() === 2);
    expect(f.registry.stateOf('0xab')).toBe('open');
    f.gammaHas(sampleMarket('0xab', { closed: true }));
    await f.until(() => f.registry.stateOf('0xab') === 'ended');
  });

  test('takes in a market that closed before it was asked for', async () => {
    await using f = await following();
    f.gammaHas(sampleMarket('0xab', { closed: true }));
    f.tell('new_market', '0xab');
    await f.until(() => f.registry.stateOf('0xab') === 'ended');
    expect(f.announced).toEqual([]);
  });

  test('does not ask for what is known, nor for the resolution of what is not', async () => {
    await using f = await following();
    f.knows(sampleMarket('0xab'));
    f.tell('new_market', '0xab');
    f.tell('market_resolved', '0xcd');
    f.tellRaw('pm.event.0xee.new_market', 'not { json');
    f.gammaHas(sampleMarket('0xef'));
    f.tell('new_market', '0xef');
    await f.until(() => f.announced.includes('0xef'));
    expect([...f.askedFor]).toEqual(['0xef']);
  });

  test('passes on a resolution that names its winner, as a step of that source', async () => {
    await using f = await following();
    f.knows(sampleMarket('0xab'));
    f.tell('market_resolved', '0xab', '1712');
    await f.until(() => f.heard.length === 1);
    expect(f.heard).toMatchObject([
      {
        ...{
          conditionId: '0xab',
          method: 'market_resolved',
          state: 'resolved',
          exchangeAtMs: NOON_MS,
          seenAtMs: NOON_MS + 2,
        },
        settlement: { outcome: 'win1', winningTokenId: '1712', payouts: ['0', '1'] },
      },
    ]);
  });

  test.each([
    ['of another market than its subject', { conditionId: '0xcd' }],
    ['of no time', { exchangeAtMs: 'now' }],
    ['heard at no time', { receivedAtUs: undefined }],
    ['of 1970', { exchangeAtMs: 1 }],
    ['whose winner is a list', { winningOutcome: ['Yes'] }],
  ])('believes no resolution %s, for the writer does not either', async (_what, fields) => {
    await using f = await following();
    for (const conditionId of ['0xab', '0xcd', '0xef']) f.knows(sampleMarket(conditionId));
    const event = { type: 'market_resolved', conditionId: '0xab', ...AT_NOON, winningTokenId: '1712' };
    f.tellRaw('pm.event.0xab.market_resolved', JSON.stringify({ ...event, ...fields }));
    f.tell('market_resolved', '0xef', '2391');
    await f.until(() => f.heard.length > 0);
    expect(f.heard).toMatchObject([{ conditionId: '0xef' }]);
    expect(f.warnings).toEqual([expect.stringContaining('pm.event.0xab.market_resolved is no event')]);
  });

  test('passes over the other facts of the stream, without a word', async () => {
    await using f = await following();
    for (const type of ['market_changed', 'resolution_resolved', 'tick_size_change']) {
      f.tellRaw(`pm.event.0xab.${type}`, JSON.stringify({ type, conditionId: '0xab' }));
    }
    f.tellRaw('pm.event.0xab.market_eaten', JSON.stringify({ type: 'market_eaten', conditionId: '0xab' }));
    f.gammaHas(sampleMarket('0xef'));
    f.tell('new_market', '0xef');
    await f.until(() => f.announced.includes('0xef'));
    expect([...f.askedFor]).toEqual(['0xef']);
    expect(f.warnings).toEqual([expect.stringContaining('pm.event.0xab.market_eaten is no event')]);
  });

  test('asks again when Gamma could not be reached', async () => {
    await using f = await following();
    f.gammaIsAway(true);
    f.tell('new_market', '0xab');
    await f.until(() => f.rounds() === 1);
    f.gammaHas(sampleMarket('0xab'));
    f.gammaIsAway(false);
    await f.until(() => f.announced.includes('0xab'));
  });

  test('ends with a fault of our own, and does not take it for an outage of the venue', async () => {
    const f = await following();
    f.gammaFails(new TypeError('undefined is not a function'));
    f.tell('new_market', '0xab');
    await expect(f.running).rejects.toThrow('undefined is not a function');
    expect(f.warnings).toEqual([]);
    await expect(f[Symbol.asyncDispose]()).rejects.toThrow('undefined is not a function');
  });

  test('reads what was told before it began', async () => {
    await using f = await following({ before: ['0xab'] });
    f.gammaHas(sampleMarket('0xab'));
    await f.until(() => f.announced.includes('0xab'));
  });
});

/** A follower on a real log, with a Gamma of a few markets that says what it was asked for. */
async function following(o: { before?: string[] } = {}) {
  await using resources = new AsyncDisposableStack();
  const nats = resources.use(await testNats());
  const stop = new AbortController();
  const bus = resources.use(await Bus.connect({ url: nats.url, name: 'test', log, signal: stop.signal }));
  await bus.reconcile(stop.signal);
  const publisher = resources.use(bus.publisher({ unacknowledgedMax: 10, queueMax: 10 }));

  const warnings: string[] = [];
  const listening = Object.assign(Object.create(log) as Logger, {
    warn: (_fields: unknown, words: string) => void warnings.push(words),
  });
  const documents = new Map<string, GammaMarket>();
  const askedFor = new Set<string>();
  let rounds = 0;
  const announced: string[] = [];
  const waiting = new Set<() => void>();
  const changed = () => {
    for (const check of waiting) check();
  };
  let failure: Error | null = null;
  const find = (ids: readonly string[], closed: boolean) =>
    ids.flatMap((id) => documents.get(id) ?? []).filter((document) => document.closed === closed);

  const registry = new MarketRegistry({ figuresIntervalMs: 0 });
  const knows = ({ settlement: _, ...description }: GammaMarket) => void registry.observe(description, { nowMs: 0 });
  const heard: ResolutionObservation[] = [];
  const follower = new LifecycleFollower({
    ...{ bus, registry, log: listening, counters: newCounters() },
    gamma: {
      openMarketsOf: async (ids) => {
        for (const id of ids) askedFor.add(id);
        rounds += 1;
        changed();
        if (failure !== null) throw failure;
        return find(ids, false);
      },
      closedMarketsOf: async (ids) => {
        for (const id of ids) askedFor.add(id);
        return find(ids, true);
      },
    },
    marketLog: {
      publish: async (markets) => {
        for (const document of markets) knows(document);
        changed();
      },
      hear: async (observations) => {
        heard.push(...observations);
        changed();
      },
    },
    keeper: {
      announced: (conditionId) => {
        announced.push(conditionId);
        changed();
      },
      marketsChanged: changed,
    },
  });
  const tellRaw = (subject: string, body: string) => publisher.publish({ subject, messageId: body, body });
  const tell = (type: LifecycleEvent['type'], conditionId: string, winningTokenId: string | null = null) => {
    const event = { type, conditionId, ...AT_NOON, winningTokenId, winningOutcome: null };
    publisher.publish({
      subject: eventSubject(event),
      messageId: lifecycleMessageId(event),
      body: JSON.stringify(event),
    });
  };
  for (const conditionId of o.before ?? []) tell('new_market', conditionId);
  await publisher.idle();
  const running = follower.run(stop.signal);
  resources.defer(async () => {
    stop.abort(new Error('stopped by the test'));
    await running;
  });
  const owned = resources.move();
  return {
    registry,
    knows,
    heard,
    warnings,
    askedFor,
    rounds: () => rounds,
    announced,
    tell,
    tellRaw,
    gammaHas: (document: GammaMarket) => void documents.set(document.conditionId, document),
    gammaIsAway: (away: boolean) => {
      failure = away ? new VenueUnavailableError({ host: 'gamma', path: '/markets' }, 'connection refused') : null;
    },
    gammaFails: (error: Error) => {
      failure = error;
    },
    running,
    /** Resolves when it is true, which is looked at after each thing that the follower does. */
    until: async (isTrue: () => boolean) => {
      const done = Promise.withResolvers<void>();
      const check = () => {
        if (isTrue()) done.resolve();
      };
      waiting.add(check);
      check();
      await done.promise;
      waiting.delete(check);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
