import { describe, expect, test } from 'vitest';
import {
  CONDITION,
  elementsOf,
  eventOf,
  kindsOf,
  sample,
  TOKEN_A,
  TOKEN_B,
  TRANSACTION,
  tradeWith,
} from '../samples.ts';

describe('a trade', () => {
  test.each([
    ['price', '.48'],
    ['price', '0.480'],
    ['price', '1'],
    ['price', '0'],
    ['price', '1.000'],
    ['size', '0.000001'],
    ['size', '19500402.66'],
  ])('keeps its %s %s exactly as received', (name, value) => {
    expect(eventOf(tradeWith({ [name]: value }))).toMatchObject({ [name]: value });
  });

  test('may lack a fee rate and a transaction hash', () => {
    for (const absent of [undefined, null, '']) {
      expect(eventOf(tradeWith({ fee_rate_bps: absent, transaction_hash: absent }))).toMatchObject({
        feeRateBps: null,
        transactionHash: null,
      });
    }
  });

  test('may write its side in lower case', () => {
    expect(eventOf(sample.spacedTrade)).toMatchObject({ side: 'SELL' });
  });

  test.each([
    ['price', 0.48, 'price is the number 0.48, not a decimal string'],
    ['price', undefined, 'price is missing, not a decimal string'],
    ['price', '', 'price is "", not a decimal string'],
    ['price', '1.01', 'price is "1.01", not a price from 0 to 1'],
    ['price', '-0.5', 'price is "-0.5", not a decimal string'],
    ['price', '4.8e-1', 'price is "4.8e-1", not a decimal string'],
    ['size', 'NaN', 'size is "NaN", not a decimal string'],
    ['size', null, 'size is null, not a decimal string'],
    ['size', ['1'], 'size is a list, not a decimal string'],
    ['side', '', 'side is "", not BUY or SELL'],
    ['side', 'HOLD', 'side is "HOLD", not BUY or SELL'],
    ['timestamp', 1790000005000, 'timestamp is the number 1790000005000, not a time in milliseconds'],
    ['timestamp', '1790000005', 'timestamp is "1790000005", not a time in milliseconds'],
    ['timestamp', '1790000005000000', 'timestamp is "1790000005000000", not a time in milliseconds'],
    ['asset_id', '12 34', 'asset_id is "12 34", not a token id'],
    ['asset_id', '1.>', 'asset_id is "1.>", not a token id'],
    ['asset_id', 12, 'asset_id is the number 12, not a token id'],
    ['market', CONDITION.toUpperCase(), `market is "${CONDITION.toUpperCase().slice(0, 39)}…", not a condition id`],
    ['market', '', 'market is "", not a condition id'],
  ])('with %s %j is bad, with a reason', (name, value, reason) => {
    const raw = tradeWith({ [name]: value });
    expect(elementsOf(raw)).toEqual([{ kind: 'bad', reason: `last_trade_price: ${reason}`, raw }]);
  });

  test.each([
    ['fee_rate_bps', 'feeRateBps', 0, 'fee_rate_bps is the number 0, not a decimal string'],
    ['fee_rate_bps', 'feeRateBps', '-5', 'fee_rate_bps is "-5", not a decimal string'],
    ['transaction_hash', 'transactionHash', '0x12', 'transaction_hash is "0x12", not a transaction hash'],
    ['transaction_hash', 'transactionHash', ['0x'], 'transaction_hash is a list, not a transaction hash'],
  ])(
    'with a wrong optional %s has null instead, and the element is returned with the reason',
    (name, field, value, reason) => {
      const raw = tradeWith({ [name]: value });
      const event = { ...eventOf(sample.trade), [field]: null };
      expect(elementsOf(`[${sample.trade}, ${raw}]`)).toEqual([
        { kind: 'event', event: eventOf(sample.trade) },
        { kind: 'event', event, flaw: { reason: `last_trade_price: ${reason}`, raw } },
      ]);
    },
  );

  test('has the hash of its transaction in lower case', () => {
    const raw = sample.trade.replace(TRANSACTION, TRANSACTION.toUpperCase().replace('0X', '0x'));
    expect(raw).not.toBe(sample.trade);
    expect(eventOf(raw)).toMatchObject({ transactionHash: TRANSACTION });
  });

  test('with several wrong optional fields reports the first', () => {
    const [element] = elementsOf(tradeWith({ fee_rate_bps: 1, transaction_hash: 2 }));
    expect(element).toMatchObject({
      event: { feeRateBps: null, transactionHash: null },
      flaw: { reason: expect.stringContaining('fee_rate_bps') },
    });
  });

  test('of the second position system has the short condition id, also if it arrives padded', () => {
    const short = `0x01${'ab'.repeat(30)}`;
    const position = BigInt(`${short}01`).toString();
    expect(eventOf(tradeWith({ market: short, asset_id: position }))).toMatchObject({ conditionId: short });
    expect(eventOf(tradeWith({ market: `${short}00`, asset_id: position }))).toMatchObject({ conditionId: short });
    expect(eventOf(tradeWith({ market: `${short}00` }))).toMatchObject({ conditionId: `${short}00` });
  });
});

describe('a book', () => {
  test('keeps its levels in the order received, and the fields that only the first book has', () => {
    const [first] = elementsOf(sample.snapshot);
    expect(first).toMatchObject({
      event: {
        type: 'book',
        tokenId: TOKEN_A,
        bids: [
          { price: '0.01', size: '1500' },
          { price: '0.47', size: '81.5' },
        ],
        tickSize: '0.01',
        lastTradePrice: '0.480',
      },
    });
  });

  test('after a trade has neither tick size nor last price', () => {
    expect(eventOf(sample.bookAfterTrade)).toMatchObject({ type: 'book', tickSize: null, lastTradePrice: null });
  });

  test('may be empty on both sides', () => {
    const empty = JSON.stringify({ ...JSON.parse(sample.bookAfterTrade), bids: [], asks: [] });
    expect(eventOf(empty)).toMatchObject({ bids: [], asks: [] });
  });

  test.each([
    [{ bids: undefined }, 'book: bids is missing, not a list'],
    [{ asks: null }, 'book: asks is null, not a list'],
    [{ bids: [['0.1', '5']] }, 'book: a level of bids is a list, not an object'],
    [{ asks: [{ price: 0.5, size: '1' }] }, 'book: asks price is the number 0.5, not a decimal string'],
    [{ asks: Array(20_001).fill({}) }, 'book: asks has 20001 entries; at most 20000 are accepted'],
  ])('with %j is bad', (fields, reason) => {
    const raw = JSON.stringify({ ...JSON.parse(sample.bookAfterTrade), ...fields });
    expect(elementsOf(raw)[0]).toMatchObject({ kind: 'bad', reason });
  });
});

describe('a price change', () => {
  test('of today names a token for each level', () => {
    expect(eventOf(sample.priceChange)).toMatchObject({
      type: 'priceChange',
      conditionId: CONDITION,
      changes: [
        { tokenId: TOKEN_A, price: '0.48', size: '0', side: 'BUY', bestBid: '0.47', bestAsk: '0.49' },
        { tokenId: TOKEN_B, price: '0.52', size: '0', side: 'SELL', bestBid: '0.51', bestAsk: '0.53' },
      ],
    });
  });

  test('from before September 2025 has one token and no best prices', () => {
    const hash = JSON.parse(sample.oldPriceChange).hash;
    const common = { tokenId: TOKEN_A, side: 'SELL', hash, bestBid: null, bestAsk: null };
    expect(eventOf(sample.oldPriceChange)).toMatchObject({
      changes: [
        { ...common, price: '0.4', size: '3300' },
        { ...common, price: '0.5', size: '3400' },
      ],
    });
  });

  test('from 2024 is a single flat level', () => {
    expect(eventOf(sample.oldestPriceChange)).toMatchObject({
      changes: [{ tokenId: TOKEN_A, price: '0.514', size: '21574.08', side: 'SELL' }],
    });
  });

  test('with one bad level is bad as a whole', () => {
    const event = JSON.parse(sample.priceChange);
    event.price_changes[1].size = 3;
    expect(elementsOf(JSON.stringify(event))[0]).toMatchObject({
      kind: 'bad',
      reason: 'price_change: size is the number 3, not a decimal string',
    });
  });

  test('without any level in any of the formats is bad', () => {
    const { price_changes: _, ...rest } = JSON.parse(sample.priceChange);
    expect(kindsOf(JSON.stringify(rest))).toEqual(['bad']);
    expect(kindsOf(JSON.stringify({ ...rest, price_changes: null }))).toEqual(['bad']);
  });
});

describe('the rarer events', () => {
  test('include a new tick size', () => {
    expect(eventOf(sample.tickSizeChange)).toEqual({
      type: 'tickSizeChange',
      conditionId: CONDITION,
      tokenId: TOKEN_A,
      oldTickSize: '0.01',
      newTickSize: '0.001',
      timestamp: '1790000006000',
    });
  });

  test('include the best prices, null on an empty side', () => {
    expect(eventOf(sample.bestBidAsk)).toMatchObject({
      type: 'bestBidAsk',
      bestBid: null,
      bestAsk: '0.49',
      spread: '0.02',
    });
  });

  test('include a new market with everything that is recorded of it', () => {
    expect(eventOf(sample.newMarket)).toEqual({
      type: 'newMarket',
      gammaId: '3900001',
      question: 'Will “last_trade_price” be said on air? "event_type":"last_trade_price"',
      conditionId: expect.stringMatching(/^0x[0-9a-f]+$/),
      slug: JSON.parse(sample.newMarket).slug,
      tokenIds: [expect.stringMatching(/^\d+$/), expect.stringMatching(/^\d+$/)],
      outcomes: ['Yes', 'No'],
      timestamp: JSON.parse(sample.newMarket).timestamp,
    });
  });

  test.each(['assets_ids', 'asset_ids', 'token_ids', 'clob_token_ids'])(
    'accept the spelling %s for the list of tokens',
    (name) => {
      const { assets_ids, ...rest } = JSON.parse(sample.newMarket);
      expect(eventOf(JSON.stringify({ ...rest, [name]: assets_ids }))).toMatchObject({ tokenIds: assets_ids });
    },
  );

  test('include a new market with nothing but its ids', () => {
    const { id, condition_id, timestamp } = { id: '1', condition_id: CONDITION, timestamp: '1790000007000' };
    expect(eventOf(JSON.stringify({ event_type: 'new_market', id, condition_id, timestamp }))).toMatchObject({
      conditionId: CONDITION,
      tokenIds: [],
      outcomes: [],
      question: null,
    });
  });

  test('are read without a wrong optional field', () => {
    const market = JSON.parse(sample.newMarket);
    const wrong = {
      question: 7,
      slug: ['a-slug'],
      outcomes: ['Yes', 1],
    };
    for (const [name, value] of Object.entries(wrong)) {
      const raw = JSON.stringify({ ...market, [name]: value });
      const [element] = elementsOf(raw);
      expect(element).toMatchObject({
        event: { type: 'newMarket', tokenIds: market.assets_ids },
        flaw: { reason: expect.stringContaining(`new_market: ${name}`), raw },
      });
    }
    expect(elementsOf(sample.tickSizeChange.replace('"0.01"', '0.01'))[0]).toMatchObject({
      event: { oldTickSize: null, newTickSize: '0.001' },
    });
  });

  test('include a resolution, with and without a winner', () => {
    expect(eventOf(sample.marketResolved)).toMatchObject({
      type: 'marketResolved',
      tokenIds: [TOKEN_A, TOKEN_B],
      winningTokenId: TOKEN_A,
      winningOutcome: 'Yes',
    });
    const { winning_asset_id: _, winning_outcome: __, ...split } = JSON.parse(sample.marketResolved);
    expect(eventOf(JSON.stringify(split))).toMatchObject({ winningTokenId: null, winningOutcome: null });
  });
});
