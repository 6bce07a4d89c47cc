import { describe, expect, test } from 'vitest';
import { venueMixture } from '../../src/run/venue-mixture.ts';

const GAMMA = { POLYMARKET_GAMMA_URL: 'http://127.0.0.1:4400' };
const OTHERS = {
  POLYMARKET_WS_URL: 'ws://127.0.0.1:4400/ws/market',
  POLYMARKET_CLOB_URL: 'http://127.0.0.1:4400',
  POLYMARKET_DATA_URL: 'http://127.0.0.1:4400',
};

describe('addresses of two venues', () => {
  test('are each told that is left at the live one', () => {
    const { POLYMARKET_WS_URL } = OTHERS;
    expect(venueMixture({ ...GAMMA, POLYMARKET_WS_URL, POLYMARKET_CLOB_URL: ' ' })).toEqual([
      'POLYMARKET_CLOB_URL is not set: prices and books come from clob.polymarket.com, while Gamma is 127.0.0.1:4400.',
      'POLYMARKET_DATA_URL is not set: resolutions come from data-api.polymarket.com, while Gamma is 127.0.0.1:4400.',
    ]);
  });

  test('are told also where Gamma is the live one, and where it is named', () => {
    expect(venueMixture({ ...OTHERS, POLYMARKET_GAMMA_URL: 'https://gamma-api.polymarket.com/' })).toEqual([
      'POLYMARKET_GAMMA_URL is the live venue: markets come from gamma-api.polymarket.com, while the market channel is 127.0.0.1:4400.',
    ]);
  });

  test.for([
    ['the live venue', {}],
    ['another venue', { ...GAMMA, ...OTHERS }],
    ['something that is no address, which the services refuse', { POLYMARKET_GAMMA_URL: 'gamma' }],
  ] as const)('are not those of %s alone', ([, env]) => {
    expect(venueMixture(env)).toEqual([]);
  });
});
