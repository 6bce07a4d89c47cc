import { VenueSim, type VenueSimOptions } from '@polytape/venue-sim';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ClobClient } from '../../src/clob/clob-client.ts';
import { DataClient } from '../../src/data/data-client.ts';
import { GammaClient } from '../../src/gamma/gamma-client.ts';
import type { GammaMarket } from '../../src/gamma/gamma-market.ts';
import type { FailedBatch } from '../../src/http/in-batches.ts';
import { VenueHttp } from '../../src/http/venue-http.ts';
import { inferWinner } from '../../src/infer-winner.ts';
import { RecordingLog } from '../recording.ts';

const { signal } = new AbortController();

/** The clients against a venue that knows none of our code. It trades only when told to. */
async function aVenue(options: VenueSimOptions = {}) {
  const venue = await VenueSim.start({ trading: false, dataLagMs: 0, gammaFiguresAgeMs: 0, ...options });
  onTestFinished(() => venue[Symbol.asyncDispose]());
  const log = new RecordingLog();
  const http = new VenueHttp({ log, backoffMsMin: 2, backoffMsMax: 5, answerTimeoutMs: 2_000 });
  const { gamma, clob, data } = venue.urls;
  return {
    venue,
    http,
    gamma: new GammaClient({ url: gamma, http }),
    clob: new ClobClient({ url: clob, http }),
    data: new DataClient({ url: data, http }),
  };
}

async function collected<Batch extends object>(batches: AsyncIterable<Batch | FailedBatch>) {
  const answered: Batch[] = [];
  const failed: FailedBatch['failed'][] = [];
  for await (const batch of batches) 'failed' in batch ? failed.push(batch.failed) : answered.push(batch);
  return { answered, failed };
}

async function openMarkets(gamma: GammaClient): Promise<GammaMarket[]> {
  const found: GammaMarket[] = [];
  for await (const { markets } of gamma.openMarkets(signal)) found.push(...markets);
  return found;
}

const tokensOf = (markets: readonly { tokenIds: [string, string] }[]) => markets.flatMap(({ tokenIds }) => tokenIds);

describe('against the simulated venue', () => {
  test('every open market is found with its tokens, however it is spelt', async () => {
    const { venue, gamma } = await aVenue({ markets: 700, oddSpellingShare: 0.5, shareOfV2: 0.5 });
    const found = await openMarkets(gamma);
    const listed = venue.openMarketList();
    expect(
      new Map(found.map(({ conditionId, tokens }) => [conditionId, tokens.map((token) => token.tokenId)])),
    ).toEqual(new Map(listed.map(({ conditionId, tokenIds }) => [conditionId, tokenIds])));
    expect(
      found.every(({ volume, liquidity, questionId }) => volume !== null && liquidity !== null && questionId),
    ).toBe(true);
    const [one] = listed.slice(-1);
    expect(await gamma.marketByToken(one?.tokenIds[1] ?? '', signal)).toMatchObject({ conditionId: one?.conditionId });
    expect(await gamma.marketBySlug(one?.slug ?? '', signal)).toMatchObject({ conditionId: one?.conditionId });
  });

  test('books and quotes of every token agree, and a closed market has none', async () => {
    const { venue, clob } = await aVenue({ markets: 400 });
    const [closed, ...open] = venue.openMarketList();
    for (const { tokenIds } of open.slice(0, 50)) venue.trade({ tokenId: tokenIds[0] });
    venue.closeMarket(closed?.conditionId ?? '');
    const all = tokensOf([...(closed ? [closed] : []), ...open]);
    const books = await collected(clob.books(all, signal));
    const quotes = await collected(clob.quotes(all, signal));
    expect([books.failed, quotes.failed]).toEqual([[], []]);
    const read = books.answered.flatMap((batch) => batch.books);
    expect(read.map(({ tokenId }) => tokenId).toSorted()).toEqual(tokensOf(open).toSorted());
    expect(read.every(({ hashMatches }) => hashMatches)).toBe(true);
    expect(books.answered.flatMap(({ unknown }) => unknown).toSorted()).toEqual(
      [...(closed?.tokenIds ?? [])].toSorted(),
    );
    expect([...books.answered, ...quotes.answered].flatMap(({ bad }) => bad)).toEqual([]);
    const quoted = new Map(quotes.answered.flatMap((batch) => batch.quotes).map((quote) => [quote.tokenId, quote]));
    for (const { tokenId, bestBid, bestAsk, midpoint } of read) {
      expect(quoted.get(tokenId)).toMatchObject({ bestBid, bestAsk, midpoint });
    }
    const traded = venue.ledger().map(({ tokenId }) => tokenId);
    expect(traded.length).toBeGreaterThan(0);
    for (const tokenId of traded) expect(quoted.get(tokenId)?.lastPrice).not.toBeNull();
  });

  test('a hash that is not the book’s own is noticed', async () => {
    const { venue, clob } = await aVenue({ markets: 50 });
    venue.rest.giveWrongHashes(10);
    const { answered } = await collected(clob.books(tokensOf(venue.openMarketList()), signal));
    const wrong = answered.flatMap(({ books }) => books).filter(({ hashMatches }) => hashMatches === false);
    expect(wrong).toHaveLength(venue.rest.counts().wrongHashes);
    expect(wrong.length).toBeGreaterThan(0);
  });

  test('every resolution is what the venue decided, and no source contradicts it', async () => {
    const { venue, gamma, data } = await aVenue({ markets: 120, shareOfV2: 0.4 });
    const decided: [string, string][] = [
      ['1', '0'],
      ['0', '1'],
      ['0.5', '0.5'],
      ['0', '0'],
      ['0.25', '0.75'],
    ];
    for (const [index, { conditionId }] of venue.openMarketList().entries()) {
      const payouts = decided[index % decided.length] ?? ['1', '0'];
      const kind = Math.floor(index / decided.length) % 4;
      if (kind === 0) venue.life.endTrading(conditionId, ['0.9995', '0.0005']);
      else if (kind === 1) venue.life.propose(conditionId, payouts);
      else if (kind === 2) venue.life.resolve(conditionId, payouts);
      else {
        venue.life.propose(conditionId, ['1', '0']);
        venue.life.dispute(conditionId);
        if (index % 2 === 0) venue.life.resolve(conditionId, payouts, { automatic: false });
      }
    }
    const truth = venue.life.truth();
    const ids = truth.map(({ conditionId }) => conditionId);
    expect(new Set(truth.map(({ outcome }) => outcome))).toEqual(
      new Set([null, 'win0', 'win1', 'split', 'unknown', 'other']),
    );

    const { answered, failed } = await collected(data.resolutions(ids, signal));
    expect(failed).toEqual([]);
    expect(answered.flatMap(({ bad }) => bad)).toEqual([]);
    const rows = new Map(answered.flatMap((batch) => batch.rows).map((row) => [row.conditionId, row]));
    const shown = new Map<string, GammaMarket>();
    for (const market of [...(await gamma.closedMarketsOf(ids, signal)), ...(await gamma.openMarketsOf(ids, signal))]) {
      shown.set(market.conditionId, market);
    }
    expect(shown.size).toBe(truth.length);
    for (const { conditionId, tokenIds, outcome, payouts, winningTokenId } of truth) {
      const settlement = outcome === null ? null : { outcome, payouts, winningTokenId };
      const row = rows.get(conditionId);
      expect(row === undefined ? null : inferWinner(row, tokenIds)).toEqual(settlement);
      const market = shown.get(conditionId);
      const byGamma = market === undefined ? null : inferWinner(market.settlement, tokenIds);
      // Other shares than a half Gamma alone does not prove.
      expect(byGamma).toEqual(outcome === 'other' ? null : settlement);
    }
  });

  test('a batch that is answered badly is told, the others come, and the next round is whole', async () => {
    const { venue, clob, gamma } = await aVenue({ markets: 600 });
    const tokens = tokensOf(venue.openMarketList());
    for (const answer of ['429', '429-retry-after', '500', 'html', 'truncated'] as const) {
      // As many as one batch has tries, so that one fails at most, and a little one waits for it.
      venue.rest.answerBadly({ host: 'clob', path: '^/books', answer, count: 3, retryAfterSeconds: 0 });
      const { answered, failed } = await collected(clob.books(tokens, signal));
      expect(answered.flatMap(({ books }) => books).length + failed.flatMap(({ ids }) => ids).length).toBe(
        tokens.length,
      );
      venue.rest.answerRightly();
      const whole = await collected(clob.books(tokens, signal));
      expect([whole.failed, whole.answered.flatMap(({ books }) => books).length]).toEqual([[], tokens.length]);
    }
    venue.rest.answerBadly({ host: 'clob', answer: '500' });
    await expect(collected(clob.books(tokens, signal))).rejects.toMatchObject({ name: 'VenueUnavailableError' });
    expect(await openMarkets(gamma)).toHaveLength(600);
  });

  test('a host that wants an hour of rest holds up no other, though all have one address', async () => {
    const { venue, clob, gamma, data } = await aVenue({ markets: 30 });
    const [one] = venue.openMarketList();
    venue.rest.answerBadly({ host: 'clob', answer: '429-retry-after', count: 1, retryAfterSeconds: 3_600 });
    const { failed } = await collected(clob.books(one?.tokenIds ?? [], signal));
    expect(failed).toMatchObject([{ error: { name: 'VenueThrottledError', retryAfterMs: 3_600_000 } }]);
    expect(await openMarkets(gamma)).toHaveLength(30);
    expect((await collected(data.resolutions([one?.conditionId ?? ''], signal))).failed).toEqual([]);
  });

  test('no limit of the venue is used beyond 70 %', async () => {
    const { venue, clob, gamma, data } = await aVenue({ markets: 3_000 });
    const markets = venue.openMarketList();
    const tokens = tokensOf(markets);
    await Promise.all([
      openMarkets(gamma),
      collected(clob.books(tokens, signal)),
      collected(clob.quotes(tokens, signal)),
      collected(clob.quotes(tokens, signal)),
      collected(
        data.resolutions(
          markets.map(({ conditionId }) => conditionId),
          signal,
        ),
      ),
    ]);
    for (const { rule, most, limit } of venue.rest.rates()) {
      expect(`${rule}: ${most <= limit * 0.7}`).toBe(`${rule}: true`);
    }
  });
});
