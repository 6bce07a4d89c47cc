import { describe, expect, test } from 'vitest';
import { type GammaMarket, readGammaMarket } from '../../src/gamma/gamma-market.ts';
import { recordedFiles, recordedMarkets, UNLESS_RECORDED } from '../recorded.ts';

function market(raw: unknown): GammaMarket {
  const read = readGammaMarket(raw);
  if ('skipped' in read) throw new Error(read.skipped.reason);
  return read.market;
}

const tokenIds = (raw: unknown) => market(raw).tokens.map(({ tokenId }) => tokenId);

const files = recordedFiles('gamma');

describe.skipIf(files.length === 0)(`recorded markets ${UNLESS_RECORDED}`, () => {
  test.each(files)('of %s are all read, under clobTokenIds unless they say v2', (file) => {
    const markets = recordedMarkets(file);
    expect(markets.length).toBeGreaterThan(0);
    for (const raw of markets) {
      const ids = raw.version === 'v2' ? raw.positionIds : JSON.parse(String(raw.clobTokenIds));
      expect(tokenIds(raw)).toEqual(ids);
      expect(market(raw)).toMatchObject({
        conditionId: raw.conditionId,
        gammaId: raw.id,
        question: raw.question,
        closed: raw.closed,
      });
      expect(market(raw).closedAtMs === null).toBe(raw.closedTime === undefined);
      expect(market(raw).tickSize).toBe(
        raw.orderPriceMinTickSize === undefined ? null : String(raw.orderPriceMinTickSize),
      );
    }
  });
});

const COUNTS: Record<string, number> = {
  'gamma/cepiokta-resolved-markets.json': 2,
  'gamma/ligengxin-btc5m-markets-2026-07-24-even.jsonl.gz': 146,
  'gamma/nautilus-market-closed-binary-accepting-true.json': 1,
  'gamma/polycopy-markets-categories.json': 50,
};

describe.skipIf(Object.keys(COUNTS).some((file) => !files.includes(file)))(
  `the recorded files ${UNLESS_RECORDED}`,
  () => {
    test.each(Object.entries(COUNTS))('have in %s %i markets', (file, count) => {
      expect(new Set(recordedMarkets(file).map((raw) => market(raw).conditionId)).size).toBe(count);
    });

    test('include a 5-minute market that closed 16 s after its end', () => {
      const [first] = recordedMarkets('gamma/ligengxin-btc5m-markets-2026-07-24-even.jsonl.gz');
      expect(market(first)).toMatchObject({
        gammaId: '3047949',
        question: 'Bitcoin Up or Down - July 23, 7:55PM-8:00PM ET',
        tokens: [
          {
            tokenId: '72690798903588392269001731007662425920353908498880709179939493847828858696064',
            outcome: 'Up',
            outcomeIndex: 0,
          },
          {
            tokenId: '57726118860664877408225679006057036191805241206083874875095996065406561439567',
            outcome: 'Down',
            outcomeIndex: 1,
          },
        ],
        endAtMs: Date.parse('2026-07-24T00:00:00Z'),
        closedAtMs: Date.parse('2026-07-24T00:00:16Z'),
        tickSize: '0.001',
        sizeMin: '5',
      });
    });

    test('include a closed market that still claims to accept orders', () => {
      const [only] = recordedMarkets('gamma/nautilus-market-closed-binary-accepting-true.json');
      expect(market(only)).toMatchObject({ closed: true, acceptingOrders: true, active: true });
    });

    test('include open markets with an event and tags', () => {
      const [first] = recordedMarkets('gamma/polycopy-markets-categories.json');
      expect(market(first)).toMatchObject({
        closed: false,
        event: { id: '242420', slug: 'israel-x-hezbollah-ceasefire-by', title: 'Israel x Hezbollah ceasefire by...?' },
        tags: ['iran', 'israel', 'lebanon', 'geopolitics', 'diplomacy-ceasefire'],
      });
    });
  },
);
