import { describe, expect, test } from 'vitest';
import { mixedVenueWarnings } from '../../src/run/mixed-venue.ts';

const GAMMA = { POLYMARKET_GAMMA_URL: 'http://127.0.0.1:4400' };
const OTHERS = {
  POLYMARKET_WS_URL: 'ws://127.0.0.1:4400/ws/market',
  POLYMARKET_CLOB_URL: 'http://127.0.0.1:4400',
  POLYMARKET_DATA_URL: 'http://127.0.0.1:4400',
};

describe('addresses of two venues', () => {
  test('cause a warning for each address that points at the live venue', () => {
    const { POLYMARKET_WS_URL } = OTHERS;
    expect(mixedVenueWarnings({ ...GAMMA, POLYMARKET_WS_URL, POLYMARKET_CLOB_URL: ' ' })).toEqual([
      'POLYMARKET_CLOB_URL is not set: prices and books come from clob.polymarket.com, but Gamma is 127.0.0.1:4400.',
      'POLYMARKET_DATA_URL is not set: resolutions come from data-api.polymarket.com, but Gamma is 127.0.0.1:4400.',
    ]);
  });

  test('cause a warning also when Gamma is the live one, or is set to it', () => {
    expect(mixedVenueWarnings({ ...OTHERS, POLYMARKET_GAMMA_URL: 'https://gamma-api.polymarket.com/' })).toEqual([
      'POLYMARKET_GAMMA_URL is the live venue: markets come from gamma-api.polymarket.com, but the market channel is 127.0.0.1:4400.',
    ]);
  });

  test.for([
    ['the live venue', {}],
    ['another venue', { ...GAMMA, ...OTHERS }],
    ['something that is no address, which the services refuse', { POLYMARKET_GAMMA_URL: 'gamma' }],
  ] as const)('are not those of %s alone', ([, env]) => {
    expect(mixedVenueWarnings(env)).toEqual([]);
  });
});
