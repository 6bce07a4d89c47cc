import { LIVE_VENUE } from '@polytape/polymarket';

/**
 * A warning about an environment that points some of the four addresses at another venue and leaves the rest at the live
 * one, although two venues do not share markets. Null if all addresses agree.
 */
export function mixedVenueWarning(env: Record<string, string | undefined>): string | null {
  const hosts = ADDRESSES.flatMap((address) => {
    const given = env[address.name]?.trim() || null;
    const text = given ?? address.live;
    if (!URL.canParse(text)) return []; // its service will reject it
    const { host } = new URL(text);
    return [{ ...address, host, isGiven: given !== null, isLive: host === new URL(address.live).host }];
  });
  const elsewhere = hosts.find(({ isLive }) => !isLive);
  const live = hosts.filter(({ isLive }) => isLive);
  if (elsewhere === undefined || live.length === 0) return null;
  const faults = live.map(
    ({ name, isGiven, gives, host }) =>
      `${name} is ${isGiven ? 'the live venue' : 'not set'} (${gives} come from ${host})`,
  );
  return `Two venues are mixed: ${elsewhere.called} is ${elsewhere.host}, but ${new Intl.ListFormat('en-GB').format(faults)}. Set all four POLYMARKET_*_URL to one venue, or none to record the live one.`;
}

/** Gamma comes first because it lists the markets. */
const ADDRESSES = [
  { name: 'POLYMARKET_GAMMA_URL', live: LIVE_VENUE.gamma, called: 'Gamma', gives: 'markets' },
  { name: 'POLYMARKET_WS_URL', live: LIVE_VENUE.ws, called: 'the market channel', gives: 'trades' },
  { name: 'POLYMARKET_CLOB_URL', live: LIVE_VENUE.clob, called: 'the CLOB API', gives: 'prices and books' },
  { name: 'POLYMARKET_DATA_URL', live: LIVE_VENUE.data, called: 'the Data API', gives: 'resolutions' },
];
