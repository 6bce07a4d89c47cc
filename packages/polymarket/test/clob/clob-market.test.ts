import { describe, expect, test } from 'vitest';
import { FieldError } from '../../src/channel/event-fields.ts';
import { readClobMarket } from '../../src/clob/clob-market.ts';
import { inferWinner } from '../../src/infer-winner.ts';
import { jsonSample } from '../json-sample.ts';

const raw = jsonSample<Record<string, unknown> & { tokens: Record<string, unknown>[] }>('clob-market.json');

describe('a market of the CLOB', () => {
  test('tells which token won', () => {
    const market = readClobMarket(raw);
    const [, no] = raw.tokens;
    expect(market).toMatchObject({
      conditionId: raw.condition_id,
      closed: true,
      acceptingOrders: true,
      winners: [no?.token_id],
    });
    expect(inferWinner(market, market.tokenIds)).toMatchObject({ outcome: 'win1', winningTokenId: no?.token_id });
  });

  test('is refused without two tokens', () => {
    expect(() => readClobMarket({ ...raw, tokens: raw.tokens.slice(1) })).toThrow(new FieldError('1 tokens, not two'));
    expect(() => readClobMarket({ ...raw, tokens: [...raw.tokens, ...raw.tokens] })).toThrow(FieldError);
    expect(() => readClobMarket({ ...raw, tokens: null })).toThrow(FieldError);
  });
});
