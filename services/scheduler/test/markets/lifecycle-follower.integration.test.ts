import { Bus } from '@polytape/bus';
import { type ClobBook, type GammaMarket, VenueUnavailableError } from '@polytape/polymarket';
import { createLogger, type Logger } from '@polytape/service';
import { testNats } from '@polytape/test-servers';
import { eventSubject, type LifecycleEvent, lifecycleMessageId } from '@polytape/types';
import { describe, expect, test } from 'vitest';
import { INQUIRY_LIMITS, Inquiries, type InquiryLimits } from '../../src/markets/inquiries.ts';
import { LifecycleFollower } from '../../src/markets/lifecycle-follower.ts';
import { MarketRegistry } from '../../src/markets/market-registry.ts';
import type { ResolutionObservation } from '../../src/resolutions/next-resolution.ts';
import { newCounters } from '../../src/scheduler-counters.ts';
import { sampleMarket } from '../sample-market.ts';

const NOON_MS = Date.UTC(2026, 7, 14, 12);
const NAMES_NOTHING = { gammaId: '1', tokenIds: [], outcomes: [], question: null, slug: null };
const AT_NOON = { exchangeAtMs: NOON_MS, receivedAtUs: NOON_MS * 1_000 + 2_500 };

const log = createLogger({ service: 'test', level: 'error' });

describe.concurrent('the lifecycle follower', () => {
  test('plans an announced market at once, and asks Gamma until it has the document', async ({ expect }) => {
    await using f = await following();
    f.publish('new_market', '0xab', { tokenIds: ['1711', '1712'], outcomes: ['Yes', 'No'] });
    await f.until(() => f.announced.includes('0xab'));
    expect(f.rounds()).toBe(0);
    expect(f.unconfirmed()).toEqual([{ conditionId: '0xab', tokenIds: ['1711', '1712'] }]);
    await f.until(() => f.rounds() === 2); // asked twice without a result
    f.gammaHas(sampleMarket('0xab'));
    await f.until(() => f.registry.stateOf('0xab') === 'open');
    await expect.poll(() => f.unconfirmed(), { timeout: 20_000 }).toEqual([]);
  });

  test('waits for the document when the announcement does not name exactly two tokens', async () => {
    await using f = await following();
    f.publish('new_market', '0x1', { tokenIds: [] });
    f.publish('new_market', '0x2', { tokenIds: ['21'] });
    f.publish('new_market', '0x3', { tokenIds: ['31', '31'] });
    f.publish('new_market', '0x4', { tokenIds: ['41', '42'], outcomes: ['Home', 'Draw', 'Away'] });
    await f.until(() => f.askedFor.size === 4);
    expect(f.announced).toEqual([]);
    expect(f.unconfirmed()).toEqual([]);
    f.gammaHas(sampleMarket('0x1'));
    await f.until(() => f.announced.includes('0x1'));
  });

  test('asks Gamma for a resolved market until Gamma calls it closed, and keeps it open until then', async () => {
    await using f = await following();
    f.knows(sampleMarket('0xab'));
    f.gammaHas(sampleMarket('0xab'));
    f.publish('market_resolved', '0xab');
    await f.until(() => f.rounds() === 2);
    expect(f.registry.stateOf('0xab')).toBe('open');
    f.gammaHas(sampleMarket('0xab', { closed: true }));
    await f.until(() => f.registry.stateOf('0xab') === 'ended');
  });

  test('takes a market that closed before the first query', async () => {
    await using f = await following();
    f.gammaHas(sampleMarket('0xab', { closed: true }));
    f.publish('new_market', '0xab');
    await f.until(() => f.registry.stateOf('0xab') === 'ended');
    expect(f.announced).toEqual([]);
  });

  test('asks neither for known markets nor for the resolution of unknown ones', async () => {
    await using f = await following();
    f.knows(sampleMarket('0xab'));
    f.publish('new_market', '0xab');
    f.publish('market_resolved', '0xcd');
    f.publishRaw('pm.event.0xee.new_market', 'not { json');
    f.gammaHas(sampleMarket('0xef'));
    f.publish('new_market', '0xef');
    await f.until(() => f.announced.includes('0xef'));
    expect([...f.askedFor]).toEqual(['0xef']);
  });

  test('publishes a resolution that names its winner as a step of that source', async () => {
    await using f = await following();
    f.knows(sampleMarket('0xab'));
    f.publish('market_resolved', '0xab', { winningTokenId: '1712' });
    await f.until(() => f.observed.length === 1);
    expect(f.observed).toMatchObject([
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

  test('ignores resolutions that the writer rejects', async () => {
    await using f = await following();
    for (const conditionId of ['0xab', '0xcd', '0xef']) f.knows(sampleMarket(conditionId));
    const event = {
      type: 'market_resolved',
      conditionId: '0xab',
      ...NAMES_NOTHING,
      ...AT_NOON,
      winningTokenId: '1712',
    };
    const refused = [
      { conditionId: '0xcd' }, // not that of its subject
      { exchangeAtMs: 'now' },
      { receivedAtUs: undefined },
      { exchangeAtMs: 1 }, // 1970
      { winningOutcome: ['Yes'] },
    ];
    for (const fields of refused)
      f.publishRaw('pm.event.0xab.market_resolved', JSON.stringify({ ...event, ...fields }));
    f.publish('market_resolved', '0xef', { winningTokenId: '2391' });
    await f.until(() => f.observed.length > 0);
    expect(f.observed).toMatchObject([{ conditionId: '0xef' }]);
    const warning = expect.stringContaining('pm.event.0xab.market_resolved is not an event');
    expect(f.warnings).toEqual(refused.map(() => warning));
  });

  test('skips the other facts of the stream without logging them', async () => {
    await using f = await following();
    for (const type of ['market_changed', 'resolution_resolved', 'tick_size_change']) {
      f.publishRaw(`pm.event.0xab.${type}`, JSON.stringify({ type, conditionId: '0xab' }));
    }
    f.publishRaw('pm.event.0xab.market_eaten', JSON.stringify({ type: 'market_eaten', conditionId: '0xab' }));
    f.gammaHas(sampleMarket('0xef'));
    f.publish('new_market', '0xef');
    await f.until(() => f.announced.includes('0xef'));
    expect([...f.askedFor]).toEqual(['0xef']);
    expect(f.warnings).toEqual([expect.stringContaining('pm.event.0xab.market_eaten is not an event')]);
  });

  test('asks again after Gamma could not be reached', async () => {
    await using f = await following();
    f.gammaIsAway(true);
    f.publish('new_market', '0xab');
    await f.until(() => f.rounds() === 1);
    f.gammaHas(sampleMarket('0xab'));
    f.gammaIsAway(false);
    await f.until(() => f.announced.includes('0xab'));
  });

  test('fails because of a bug, which it does not treat as an outage of the venue', async () => {
    const f = await following();
    f.gammaFails(new TypeError('undefined is not a function'));
    f.publish('new_market', '0xab');
    await expect(f.running).rejects.toThrow('undefined is not a function');
    expect(f.warnings).toEqual([]);
    await expect(f[Symbol.asyncDispose]()).rejects.toThrow('undefined is not a function');
  });

  test('reads events from before it started', async () => {
    await using f = await following({ before: ['0xab'] });
    f.gammaHas(sampleMarket('0xab'));
    await f.until(() => f.announced.includes('0xab'));
  });
});

describe.concurrent('an announced market that Gamma never lists', () => {
  const limits = { ...INQUIRY_LIMITS, retryMsMin: 100, retryMsMax: 200, giveUpAfterMs: 1_000 };
  const named = { tokenIds: ['1711', '1712'], outcomes: ['Yes', 'No'] };

  test('leaves the plan when its time is over and the CLOB has no book', async () => {
    await using f = await following({ limits });
    f.publish('new_market', '0xab', named);
    await f.until(() => f.expired.includes('0xab'));
    expect(f.unconfirmed()).toEqual([]);
    expect(f.booksAskedFor).toEqual([['1711', '1712']]);
    expect(f.counters.inquiriesGivenUp).toBe(1);
  });

  test('stays in the plan while the CLOB has its book', async () => {
    await using f = await following({ limits, books: { '1711': '0xab', '1712': '0xab' } });
    f.publish('new_market', '0xab', named);
    await f.until(() => f.booksAskedFor.length === 3);
    expect(f.expired).toEqual([]);
    expect(f.unconfirmed()).toHaveLength(1);
    f.gammaHas(sampleMarket('0xab'));
    await f.until(() => f.registry.stateOf('0xab') === 'open');
  });

  test('leaves the plan although its tokens have a book, if it is the book of another market', async () => {
    await using f = await following({ limits, books: { '1711': '0xcd', '1712': '0xcd' } });
    f.publish('new_market', '0xab', named);
    await f.until(() => f.expired.includes('0xab'));
  });

  test('stays in the plan while the CLOB cannot be asked', async () => {
    await using f = await following({ limits });
    f.clobIsAway(true);
    f.publish('new_market', '0xab', named);
    await f.until(() => f.booksAskedFor.length === 2);
    expect(f.expired).toEqual([]);
    f.clobIsAway(false);
    await f.until(() => f.expired.includes('0xab'));
  });

  test('keeps its age when the next leader restores it', async () => {
    const planned = { '0xab': ['1711', '1712'], '0xee': ['1', '2'] };
    await using f = await following({ limits, before: ['0xab', '0xcd'], named, planned });
    expect(f.unconfirmed()).toEqual([{ conditionId: '0xab', tokenIds: ['1711', '1712'] }]);
    await f.until(() => f.expired.includes('0xab'));
  });

  test('keeps its planned tokens when it is announced again with others, also with the next leader', async () => {
    const others = { tokenIds: ['6661', '6662'], outcomes: ['Yes', 'No'] };
    const planned = { '0xab': ['1711', '1712'] };
    await using f = await following({ before: ['0xab'], named: others, planned });
    f.publish('new_market', '0xab', others);
    f.publish('new_market', '0xcd', named);
    await f.until(() => f.unconfirmed().length === 2);
    expect(f.unconfirmed()[0]).toEqual({ conditionId: '0xab', tokenIds: ['1711', '1712'] });
  });

  test('is not planned if it was announced too long ago', async () => {
    const old = { ...INQUIRY_LIMITS, giveUpAfterMs: 0 };
    await using f = await following({ limits: old, before: ['0xab'], named });
    await f.until(() => f.askedFor.has('0xab'));
    expect(f.announced).toEqual([]);
    expect(f.unconfirmed()).toEqual([]);
  });
});

describe.concurrent('a flood of false announcements', () => {
  test('is planned up to the limit, counted, and logged once', async () => {
    await using f = await following({ limits: { ...INQUIRY_LIMITS, openedMax: 3 } });
    for (let n = 1; n <= 8; n += 1) f.publish('new_market', `0x${n}`, { tokenIds: [`${n}1`, `${n}2`] });
    f.gammaHas(sampleMarket('0x3'));
    await f.until(() => f.registry.stateOf('0x3') === 'open');
    expect(f.announced.filter((conditionId) => conditionId !== '0x3')).toEqual(['0x1', '0x2']);
    expect(f.counters.announcementsIgnored).toBe(5);
    expect(f.warnings).toEqual([expect.stringContaining('Too many announced markets')]);
  });
});

/** A follower on a real log, with a Gamma and a CLOB that record what they are asked. */
async function following(o: FollowingOptions = {}) {
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
  const observed: ResolutionObservation[] = [];
  const counters = newCounters();
  const inquiries = new Inquiries(o.limits ?? { ...INQUIRY_LIMITS, retryMsMin: 100 });
  const expired: string[] = [];
  const booksAskedFor: (readonly string[])[] = [];
  let isClobAway = false;
  const follower = new LifecycleFollower({
    ...{ bus, registry, inquiries, log: listening, counters },
    clob: {
      async *books(tokenIds) {
        booksAskedFor.push(tokenIds);
        changed();
        if (isClobAway) throw new VenueUnavailableError({ host: 'clob', path: '/books' }, 'connection refused');
        const books = tokenIds.flatMap((tokenId) => {
          const conditionId = o.books?.[tokenId];
          return conditionId === undefined ? [] : [{ tokenId, conditionId } as ClobBook];
        });
        yield { books, unknown: tokenIds.filter((tokenId) => o.books?.[tokenId] === undefined), bad: [] };
      },
    },
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
      publishObservations: async (observations) => {
        observed.push(...observations);
        changed();
      },
    },
    keeper: {
      announced: (conditionId) => {
        announced.push(conditionId);
        changed();
      },
      expired: (conditionId) => {
        expired.push(conditionId);
        changed();
      },
      marketsChanged: changed,
    },
  });
  const publishRaw = (subject: string, body: string) => publisher.publish({ subject, messageId: body, body });
  const publish = (type: LifecycleEvent['type'], conditionId: string, fields: Partial<LifecycleEvent> = {}) => {
    const event: LifecycleEvent = {
      ...{ type, conditionId, ...NAMES_NOTHING, winningTokenId: null, winningOutcome: null, ...AT_NOON, ...fields },
    };
    publisher.publish({
      subject: eventSubject(event),
      messageId: lifecycleMessageId(event),
      body: JSON.stringify(event),
    });
  };
  for (const conditionId of o.before ?? []) publish('new_market', conditionId, o.named);
  await publisher.acknowledged();
  await follower.restore(new Map(Object.entries(o.planned ?? {})));
  const running = follower.run(stop.signal);
  resources.defer(async () => {
    stop.abort(new Error('stopped by the test'));
    await running;
  });
  const owned = resources.move();
  return {
    registry,
    knows,
    observed,
    warnings,
    askedFor,
    rounds: () => rounds,
    ...{ announced, expired, booksAskedFor, counters },
    unconfirmed: () => [...inquiries.unconfirmed()],
    clobIsAway: (away: boolean) => {
      isClobAway = away;
    },
    publish,
    publishRaw,
    gammaHas: (document: GammaMarket) => void documents.set(document.conditionId, document),
    gammaIsAway: (away: boolean) => {
      failure = away ? new VenueUnavailableError({ host: 'gamma', path: '/markets' }, 'connection refused') : null;
    },
    gammaFails: (error: Error) => {
      failure = error;
    },
    running,
    /** Resolves when the condition holds, which is checked after each act of the follower. */
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

type FollowingOptions = {
  limits?: InquiryLimits;
  /** Markets announced before the follower starts, and the fields of their events. */
  before?: string[];
  named?: Partial<LifecycleEvent>;
  /** Planned conditions without a document. */
  planned?: Record<string, string[]>;
  /** The condition of each token that has a book at the CLOB. */
  books?: Record<string, string>;
};
