import { describe, expect, test } from 'vitest';
import {
  type MarketReference,
  MarketStepError,
  type TruthResolution,
  VenueSim,
  type VenueSimOptions,
} from '../../src/index.ts';
import { ChannelClient } from '../channel/channel-client.ts';
import { gammaDocument, getJson, postJson, resolutionRows } from '../rest/rest-client.ts';

const SILENT: VenueSimOptions = {
  markets: 30,
  shareOfV2: 0,
  oddSpellingShare: 0,
  openPerMinute: 0,
  closePerMinute: 0,
  tradesPerSecond: 0,
  dataLagMs: 0,
};

describe('a market that is closed and not resolved', () => {
  test('has its last marks and no winner in every interface', async () => {
    await using venue = await VenueSim.start(SILENT);
    const [{ conditionId, tokenIds }] = venue.openMarketList() as [MarketReference];
    venue.life.endTrading(conditionId, ['0.9995', '0.0005']);
    const document = await gammaDocument(venue, conditionId);
    expect(document).toMatchObject({ closed: true, outcomePrices: '["0.9995","0.0005"]', acceptingOrders: false });
    expect(document.closedTime).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+00$/);
    expect(document).not.toHaveProperty('umaResolutionStatus');
    expect(document).not.toHaveProperty('automaticallyResolved');
    const { tokens } = await getJson(`${venue.urls.clob}/markets/${conditionId}`);
    expect(tokens).toMatchObject([
      { token_id: tokenIds[0], winner: false, price: 0.9995 },
      { token_id: tokenIds[1], winner: false, price: 0.0005 },
    ]);
    const [row] = await resolutionRows(venue, [conditionId]);
    expect(row).toMatchObject({ condition_id: conditionId, status: 'initialized', price: '69' });
    expect(row).not.toHaveProperty('payouts');
    expect(venue.life.truth()).toMatchObject([
      { conditionId, state: 'closed', closed: true, outcome: null, payouts: null },
    ]);
  });
});

describe('a proposal', () => {
  test('is visible while the market still trades', async () => {
    await using venue = await VenueSim.start(SILENT);
    const [{ conditionId, tokenIds }] = venue.openMarketList() as [MarketReference];
    venue.life.propose(conditionId, ['1', '0']);
    expect(await gammaDocument(venue, conditionId)).toMatchObject({
      closed: false,
      umaResolutionStatus: 'proposed',
      umaResolutionStatuses: '["proposed"]',
    });
    expect((await resolutionRows(venue, [conditionId]))[0]).toMatchObject({ status: 'proposed', proposed_price: '1' });
    expect(venue.trade({ tokenId: tokenIds[0] }).conditionId).toBe(conditionId);
  });

  test('can be disputed and repeated, and each step stays in the list', async () => {
    await using venue = await VenueSim.start(SILENT);
    const [{ conditionId }] = venue.openMarketList() as [MarketReference];
    const seen: unknown[] = [];
    const look = async (): Promise<void> => {
      const { umaResolutionStatus, umaResolutionStatuses } = await gammaDocument(venue, conditionId);
      const [{ status, was_disputed }] = (await resolutionRows(venue, [conditionId])) as [Record<string, unknown>];
      seen.push([umaResolutionStatus, JSON.parse(umaResolutionStatuses).length, status, was_disputed]);
    };
    venue.life.propose(conditionId, ['1', '0']);
    await look();
    venue.life.dispute(conditionId);
    await look();
    venue.life.propose(conditionId, ['0', '1']);
    await look();
    venue.life.dispute(conditionId);
    await look();
    venue.life.resolve(conditionId, ['0', '1']);
    await look();
    expect(seen).toEqual([
      ['proposed', 1, 'proposed', false],
      ['disputed', 2, 'challenged', true],
      ['proposed', 3, 'reproposed', true],
      ['disputed', 4, 'disputed', true],
      ['resolved', 4, 'resolved', true],
    ]);
    expect(venue.life.truth()[0]?.steps.map(({ type }) => type)).toEqual([
      'proposed',
      'disputed',
      'proposed',
      'disputed',
      'closed',
      'resolved',
    ]);
  });
});

describe('a resolved market', () => {
  test.each([
    ['win0', ['1', '0'], '1', [true, false]],
    ['win1', ['0', '1'], '0', [false, true]],
    ['split', ['0.5', '0.5'], '0.5', [false, false]],
    ['other', ['0.25', '0.75'], '0.25', [false, false]],
    ['unknown', ['0', '0'], '69', [false, false]],
  ] as const)('with outcome %s is the same in every interface', async (outcome, payouts, price, winners) => {
    await using venue = await VenueSim.start(SILENT);
    await using client = await ChannelClient.subscribed(venue.urls.ws, [], { custom_feature_enabled: true });
    await client.caughtUp();
    // Enough to have rows of every kind among them.
    const markets = venue.openMarketList().slice(0, 15);
    for (const { conditionId } of markets) venue.life.resolve(conditionId, [...payouts]);
    const rows = await resolutionRows(
      venue,
      markets.map(({ conditionId }) => conditionId),
    );
    await client.until(() => client.events('market_resolved').length === markets.length);
    for (const [index, { conditionId, tokenIds }] of markets.entries()) {
      const document = await gammaDocument(venue, conditionId);
      expect(document).toMatchObject({ closed: true, umaResolutionStatus: 'resolved' });
      expect(JSON.parse(document.outcomePrices)).toEqual(payouts);
      const { tokens } = await getJson(`${venue.urls.clob}/markets/${conditionId}`);
      expect(tokens.map((token: { winner: boolean }) => token.winner)).toEqual(winners);
      const row = rows[index];
      expect(row).toMatchObject({ condition_id: conditionId, status: 'resolved', price });
      if ('payouts' in row) expect(row.payouts.map((micro: number) => String(micro / 1e6))).toEqual(payouts);
      else expect(row.resolved_at).toMatch(/^\d{10}$/);
      const winner = (winners as readonly boolean[]).indexOf(true);
      expect(client.events('market_resolved')[index]?.winning_asset_id).toBe(winner < 0 ? undefined : tokenIds[winner]);
      expect(venue.life.truth()[index]).toMatchObject({ outcome, payouts, winningTokenId: tokenIds[winner] ?? null });
    }
    const withPayouts = rows.filter((row) => 'payouts' in row).length;
    expect(withPayouts).toBeGreaterThan(0);
    // Rows without payouts can only show what a price can.
    expect(rows.length - withPayouts > 0).toBe(outcome !== 'other' && outcome !== 'unknown');
  });

  test('can come without an event', async () => {
    await using venue = await VenueSim.start(SILENT);
    await using client = await ChannelClient.subscribed(venue.urls.ws, [], { custom_feature_enabled: true });
    await client.caughtUp();
    const [silent, told] = venue.openMarketList() as [MarketReference, MarketReference];
    venue.life.resolve(silent.conditionId, ['1', '0'], { announced: false });
    venue.life.resolve(told.conditionId, ['1', '0']);
    await client.caughtUp();
    expect(client.events('market_resolved').map((event) => event.market)).toEqual([told.conditionId]);
  });

  test('has no proposal if it was closed like an automatic market', async () => {
    await using venue = await VenueSim.start(SILENT);
    const [{ conditionId }] = venue.openMarketList() as [MarketReference];
    venue.closeMarket(conditionId, 1);
    expect(await gammaDocument(venue, conditionId)).toMatchObject({
      automaticallyResolved: true,
      umaResolutionStatus: 'resolved',
      umaResolutionStatuses: '[]',
      resolvedBy: null,
      outcomePrices: '["0","1"]',
    });
    const [row] = await resolutionRows(venue, [conditionId]);
    expect(row).toMatchObject({ status: 'resolved', payouts: [0, 1_000_000], reporter: 'CHAINLINK' });
    expect(row).not.toHaveProperty('question_id');
  });

  test('can be reopened, traded and resolved again', async () => {
    await using venue = await VenueSim.start(SILENT);
    const [{ conditionId, tokenIds }] = venue.openMarketList() as [MarketReference];
    venue.life.resolve(conditionId, ['1', '0']);
    venue.life.reopen(conditionId);
    expect(venue.openMarketList()[0]?.conditionId).toBe(conditionId);
    const document = await gammaDocument(venue, conditionId);
    expect(document).toMatchObject({ closed: false, acceptingOrders: true });
    expect(document).not.toHaveProperty('closedTime');
    expect(document).not.toHaveProperty('umaResolutionStatus');
    expect((await fetch(`${venue.urls.clob}/book?token_id=${tokenIds[0]}`)).status).toBe(200);
    expect(venue.trade({ tokenId: tokenIds[1] }).conditionId).toBe(conditionId);
    expect(venue.life.truth()).toMatchObject([{ state: 'reopened', closed: false, outcome: null, payouts: null }]);
    venue.life.resolve(conditionId, ['0', '1']);
    expect(venue.life.truth()).toMatchObject([{ state: 'resolved', outcome: 'win1', winningTokenId: tokenIds[1] }]);
  });
});

describe('the Data API', () => {
  test('shows resolutions later than Gamma, by its lag', async () => {
    let nowMs = 1_795_000_000_000;
    await using venue = await VenueSim.start({ ...SILENT, dataLagMs: 3_000, clock: () => nowMs });
    const [{ conditionId }] = venue.openMarketList() as [MarketReference];
    venue.closeMarket(conditionId, 0);
    expect((await resolutionRows(venue, [conditionId]))[0]?.status).toBe('initialized');
    nowMs += 3_000;
    expect((await resolutionRows(venue, [conditionId]))[0]?.status).toBe('resolved');
  });

  test('accepts at most 20 conditions, omits unknown ones, and answers in two envelopes', async () => {
    await using venue = await VenueSim.start(SILENT);
    const ids = venue.openMarketList().map(({ conditionId }) => conditionId);
    const status = async (query: string): Promise<number> =>
      (await fetch(`${venue.urls.data}/v2/resolutions?${query}`)).status;
    expect(await status(`condition=${ids.slice(0, 21).join(',')}`)).toBe(400);
    expect(await status('')).toBe(400);
    const url = `${venue.urls.data}/v2/resolutions?condition=${ids.slice(0, 19).join(',')},0xabc`;
    const answers = await Promise.all(Array.from({ length: 8 }, () => getJson(url)));
    expect(new Set(answers.map((answer) => Array.isArray(answer)))).toEqual(new Set([true, false]));
    for (const answer of answers) expect(answer.data ?? answer).toHaveLength(19);
  });
});

describe('the control interface', () => {
  test('takes a market through its life over HTTP, and returns the truth as JSON lines', async () => {
    await using venue = await VenueSim.start(SILENT);
    const [{ conditionId }, other] = venue.openMarketList() as [MarketReference, MarketReference];
    const act = (name: string, body?: unknown) => postJson(`${venue.urls.sim}/markets/${conditionId}/${name}`, body);
    expect(await act('propose', { payouts: ['1', '0'] })).toMatchObject({ state: 'proposed', closed: false });
    expect(await act('end-trading')).toMatchObject({ state: 'proposed', closed: true });
    expect(await act('dispute')).toMatchObject({ state: 'disputed' });
    expect(await act('resolve', { payouts: ['0.5', '0.5'], announced: false })).toMatchObject({ outcome: 'split' });
    expect(await act('reopen')).toMatchObject({ state: 'reopened' });
    venue.closeMarket(other.conditionId);
    const text = await (await fetch(`${venue.urls.sim}/resolutions`)).text();
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as TruthResolution);
    expect(lines).toEqual(venue.life.truth());
    expect(lines.map((line) => line.conditionId)).toEqual([conditionId, other.conditionId]);
  });

  test('refuses impossible steps without any change', async () => {
    await using venue = await VenueSim.start(SILENT);
    const [{ conditionId }] = venue.openMarketList() as [MarketReference];
    for (const act of [
      () => venue.life.dispute(conditionId),
      () => venue.life.reopen(conditionId),
      () => venue.life.resolve(conditionId, ['1', '1.5']),
      () => venue.life.propose(conditionId, ['0.50', '0.5']),
    ]) {
      expect(act).toThrow(MarketStepError);
    }
    expect(venue.life.truth()).toEqual([]);
    const dispute = await fetch(`${venue.urls.sim}/markets/${conditionId}/dispute`, { method: 'POST' });
    expect(dispute.status).toBe(409);
    expect(venue.life.endTrading('0xabc')).toBeNull();
    expect((await fetch(`${venue.urls.sim}/markets/0xabc/reopen`, { method: 'POST' })).status).toBe(404);
    venue.life.resolve(conditionId, ['1', '0']);
    expect(() => venue.life.propose(conditionId, ['1', '0'])).toThrow(MarketStepError);
    expect(() => venue.life.endTrading(conditionId)).toThrow(MarketStepError);
  });
});

describe('automatic endings', () => {
  test('cover every outcome, and all interfaces agree with the truth', async () => {
    await using venue = await VenueSim.start({
      ...SILENT,
      markets: 1_200,
      closePerMinute: 60_000,
      resolutions: 'uma',
      resolutionStepMs: 5,
    });
    const settled = (): TruthResolution[] => venue.life.truth();
    const ways = (truth: readonly TruthResolution[]): Set<string> =>
      new Set(
        truth.flatMap(({ outcome, automatic, state, steps }) => [
          `${outcome}${automatic ? ' automatic' : ''}`,
          state,
          ...steps.map(({ type }) => `step ${type}`),
        ]),
      );
    const all = ['win0', 'win1', 'split', 'other', 'unknown', 'win0 automatic', 'closed', 'resolved', 'step disputed'];
    while (!all.every((way) => ways(settled()).has(way))) await new Promise((resolve) => setImmediate(resolve));
    await venue.stopTrading();
    const truth = settled();
    for (const { conditionId, payouts, outcome } of truth.filter((entry) => entry.state === 'resolved').slice(0, 60)) {
      expect(JSON.parse((await gammaDocument(venue, conditionId)).outcomePrices)).toEqual(payouts);
      expect(outcome).not.toBeNull();
    }
    expect(venue.status().markets.closed).toBe(truth.filter(({ closed }) => closed).length);
  });
});
