import { describe, expect, test } from 'vitest';
import { mixedVenueWarning } from '../../src/run/mixed-venue.ts';

const GAMMA = { POLYMARKET_GAMMA_URL: 'http://127.0.0.1:4400' };
const OTHERS = {
  POLYMARKET_WS_URL: 'ws://127.0.0.1:4400/ws/market',
  POLYMARKET_CLOB_URL: 'http://127.0.0.1:4400',
  POLYMARKET_DATA_URL: 'http://127.0.0.1:4400',
};

describe('addresses of two venues', () => {
  test('cause one warning that names each address of the live venue, and what to do', () => {
    const { POLYMARKET_WS_URL } = OTHERS;
    expect(mixedVenueWarning({ ...GAMMA, POLYMARKET_WS_URL, POLYMARKET_CLOB_URL: ' ' })).toBe(
      'Two venues are mixed: Gamma is 127.0.0.1:4400, but POLYMARKET_CLOB_URL is not set (prices and books come from ' +
        'clob.polymarket.com) and POLYMARKET_DATA_URL is not set (resolutions come from data-api.polymarket.com). ' +
        'Set all four POLYMARKET_*_URL to one venue, or none to record the live one.',
    );
  });

  test('cause a warning also when Gamma is the live one, or is set to it', () => {
    expect(mixedVenueWarning({ ...OTHERS, POLYMARKET_GAMMA_URL: 'https://gamma-api.polymarket.com/' })).toMatch(
      /^Two venues are mixed: the market channel is 127\.0\.0\.1:4400, but POLYMARKET_GAMMA_URL is the live venue \(markets come from gamma-api\.polymarket\.com\)\. Set/,
    );
  });

  test.for([
    ['the live venue', {}],
    ['another venue', { ...GAMMA, ...OTHERS }],
    ['something that is no address, which the services refuse', { POLYMARKET_GAMMA_URL: 'gamma' }],
  ] as const)('are not those of %s alone', ([, env]) => {
    expect(mixedVenueWarning(env)).toBeNull();
  });
});
