import { Bus } from '@polytape/bus';
import { type GammaMarket, VenueUnavailableError } from '@polytape/polymarket';
import { createLogger } from '@polytape/service';
import { testNats } from '@polytape/test-servers';
import { eventSubject, type LifecycleEvent, lifecycleMessageId } from '@polytape/types';
import { describe, expect, test } from 'vitest';
import { LifecycleFollower } from '../src/lifecycle-follower.ts';
import { MarketRegistry } from '../src/market-registry.ts';
import { newCounters } from '../src/scheduler-counters.ts';

const log = createLogger({ service: 'test', level: 'error' });

describe('a follower of the events', () => {
  test('asks for an announced market until Gamma has it, and has it planned as announced', async () => {
    await using f = await following();
    f.tell('new_market', '0xab');
    await f.until(() => f.rounds() === 2); // it was asked twice in vain
    f.gammaHas(market('0xab', { closed: false }));
    await f.until(() => f.announced.includes('0xab'));
    expect(f.registry.stateOf('0xab')).toBe('open');
  });

  test('asks for a resolved market until Gamma calls it closed: until then it is open', async () => {
    await using f = await following();
    f.registry.observe(market('0xab', { closed: false }), 0);
    f.gammaHas(market('0xab', { closed: false }));
    f.tell('market_resolved', '0xab');
    await f.until(() => f.rounds() === 2);
    expect(f.registry.stateOf('0xab')).toBe('open');
    f.gammaHas(market('0xab', { closed: true }));
    await f.until(() => f.registry.stateOf('0xab') === 'ended');
  });

  test('takes in a market that closed before it was asked for', async () => {
    await using f = await following();
    f.gammaHas(market('0xab', { closed: true }));
    f.tell('new_market', '0xab');
    await f.until(() => f.registry.stateOf('0xab') === 'ended');
    expect(f.announced).toEqual([]);
  });

  test('does not ask for what is known, nor for the resolution of what is not', async () => {
    await using f = await following();
    f.registry.observe(market('0xab', { closed: false }), 0);
    f.tell('new_market', '0xab');
    f.tell('market_resolved', '0xcd');
    f.tellRaw('pm.event.0xee.new_market', 'not { json');
    f.gammaHas(market('0xef', { closed: false }));
    f.tell('new_market', '0xef');
    await f.until(() => f.announced.includes('0xef'));
    expect([...f.askedFor]).toEqual(['0xef']);
  });

  test('asks again when Gamma could not be reached', async () => {
    await using f = await following();
    f.gammaIsAway(true);
    f.tell('new_market', '0xab');
    await f.until(() => f.rounds() === 1);
    f.gammaHas(market('0xab', { closed: false }));
    f.gammaIsAway(false);
    await f.until(() => f.announced.includes('0xab'));
  });

  test('reads what was told before it began', async () => {
    await using f = await following({ before: ['0xab'] });
    f.gammaHas(market('0xab', { closed: false }));
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

  const documents = new Map<string, GammaMarket>();
  const askedFor = new Set<string>();
  let rounds = 0;
  const announced: string[] = [];
  const waiting = new Set<() => void>();
  const changed = () => {
    for (const check of waiting) check();
  };
  let isAway = false;
  const find = (ids: readonly string[], closed: boolean) =>
    ids.flatMap((id) => documents.get(id) ?? []).filter((document) => document.closed === closed);

  const registry = new MarketRegistry();
  const follower = new LifecycleFollower({
    ...{ bus, registry, log, counters: newCounters() },
    gamma: {
      openMarketsOf: async (ids) => {
        for (const id of ids) askedFor.add(id);
        rounds += 1;
        changed();
        if (isAway) {
          throw new VenueUnavailableError({ host: 'gamma', path: '/markets' }, 'connection refused');
        }
        return find(ids, false);
      },
      closedMarketsOf: async (ids) => {
        for (const id of ids) askedFor.add(id);
        return find(ids, true);
      },
    },
    marketLog: {
      publish: async (markets) => {
        for (const document of markets) registry.observe(document, 0);
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
  const tell = (type: LifecycleEvent['type'], conditionId: string) => {
    const event = { type, conditionId, exchangeAtMs: 1 };
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
    askedFor,
    rounds: () => rounds,
    announced,
    tell,
    tellRaw,
    gammaHas: (document: GammaMarket) => void documents.set(document.conditionId, document),
    gammaIsAway: (away: boolean) => {
      isAway = away;
    },
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

function market(conditionId: string, o: { closed: boolean }): GammaMarket {
  return {
    conditionId,
    gammaId: '1',
    question: 'Will it rain?',
    slug: 'rain',
    protocol: 'v1',
    tokens: [
      { tokenId: '1', outcome: 'Yes', outcomeIndex: 0 },
      { tokenId: '2', outcome: 'No', outcomeIndex: 1 },
    ],
    event: null,
    groupItemTitle: null,
    questionId: null,
    fees: null,
    volume: null,
    volume24h: null,
    liquidity: null,
    category: null,
    tags: [],
    active: true,
    closed: o.closed,
    acceptingOrders: !o.closed,
    negRisk: false,
    tickSize: null,
    sizeMin: null,
    startAtMs: null,
    endAtMs: null,
    closedAtMs: null,
    settlement: {
      closed: o.closed,
      closedAtMs: null,
      umaEndAtMs: null,
      outcomePrices: null,
      umaResolutionStatus: null,
      umaResolutionStatuses: [],
      automaticallyResolved: false,
      marketType: null,
      raw: {},
    },
  };
}
