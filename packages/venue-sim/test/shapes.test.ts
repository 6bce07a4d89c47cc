import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type MarketReference, VenueSim, type VenueSimOptions } from '../src/index.ts';
import { type AnyEvent, ChannelClient } from './channel/channel-client.ts';
import { fixtureBytes, fixturesPresent, readFixture, readSample } from './fixtures.ts';

type Json = Record<string, unknown>;

const OPTIONS: VenueSimOptions = {
  oddSpellingShare: 0,
  markets: 60,
  openPerMinute: 0,
  closePerMinute: 0,
  burst: null,
  tradesPerSecond: 1_000,
};
const GAMMA_FILES = [
  'gamma/tinli-gamma_0x06866503ec6a8f9d.json',
  'gamma/tinli-gamma_0x12dc2b61723b2a54.json',
  'gamma/tinli-gamma_0x30f729ef18553d89.json',
  'gamma/tinli-gamma_0x3c995fa852613961.json',
  'gamma/polyarb-binary-market.json',
];

describe('the simulation', () => {
  test('sends events with the keys of the samples, in their order', async () => {
    const samples = new Map(
      (JSON.parse(readSample('market-channel.json')) as AnyEvent[]).map((event) => [typeOf(event), event]),
    );
    const events = await oneOfEach();
    expect([...events.keys()].sort()).toEqual([...samples.keys()].sort());
    for (const [type, sample] of samples) expect(shape(events.get(type))).toEqual(shape(sample));
  });

  test('serves markets with the keys of a sampled Gamma market', async () => {
    const sample = JSON.parse(readSample('gamma-market.json')) as Json;
    const { open } = await gammaDocuments();
    const v1 = open.find(
      (document) => document.version === 'v1' && document.negRisk === true && document.feesEnabled === true,
    );
    expect(missing(sample, v1 ?? {})).toEqual([]);
  });
});

describe.skipIf(!fixturesPresent)('the simulation compared with the recorded data (needs it)', () => {
  test('sends books, price changes, trades and resolutions with exactly the recorded keys, in that order', async () => {
    const recorded = [
      ...lines('ws/tinli-2026-07-20-fed.jsonl'),
      ...lines('ws/cepiokta-2026-06-26-updown.jsonl'),
      ...lines('ws/pulsearb-2026-08-19-market_resolved.jsonl'),
    ].flat();
    const events = await oneOfEach();
    const first = (type: string): AnyEvent | undefined => recorded.find((event) => typeOf(event) === type);
    for (const type of ['price_change', 'post-trade book', 'last_trade_price', 'market_resolved']) {
      expect(shape(events.get(type))).toEqual(shape(first(type)));
    }
    // The position of the type differs among the recorded events.
    expect(Object.keys(events.get('book') ?? {}).sort()).toEqual(Object.keys(first('book') ?? {}).sort());
  });

  test('serves open markets with every key common to the recorded ones, of the same type, and with no unrecorded key', async () => {
    const recorded = [
      ...GAMMA_FILES.map((file) => JSON.parse(readFixture(file)) as Json),
      ...(JSON.parse(readFixture('gamma/polycopy-markets-categories.json')) as Json[]),
    ];
    const { open } = await gammaDocuments();
    for (const document of open) {
      for (const [key, kinds] of always(recorded)) {
        // Markets of the newer position system may have no ids of the older one.
        if (key !== 'clobTokenIds' || document.version === 'v1') expect(kinds, key).toContain(kindOf(document[key]));
      }
      // The recordings are older than `version`.
      expect(unheardOf(document, recorded, ['version'])).toEqual([]);
      const events = recorded.flatMap((market) => (market.events ?? []) as Json[]);
      const [event] = document.events as [Json];
      for (const [key, kinds] of always(events))
        if (key !== 'eventMetadata') expect(kinds, key).toContain(kindOf(event[key]));
      expect(unheardOf(event, events, [])).toEqual([]);
    }
  });

  test('serves closed markets with the final fields of the recorded ones', async () => {
    const recorded = gunzipSync(fixtureBytes('gamma/ligengxin-btc5m-markets-2026-07-24-even.jsonl.gz'))
      .toString('utf8')
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { raw: Json }).raw);
    const { closed } = await gammaDocuments();
    const telling = [
      'closed',
      'acceptingOrders',
      'automaticallyResolved',
      'umaResolutionStatus',
      'umaResolutionStatuses',
      'active',
    ];
    for (const document of closed) {
      for (const key of telling) expect(document[key]).toEqual(recorded[0]?.[key]);
      expect(document.closedTime).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+00$/);
      expect(recorded[0]?.closedTime).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+00$/);
      expect(kindOf(document.umaEndDate)).toBe(kindOf(recorded[0]?.umaEndDate));
      expect(recorded.map((market) => JSON.stringify(JSON.parse(String(market.outcomePrices))))).toContain(
        document.outcomePrices,
      );
    }
  });

  test('serves REST books and trade rows with exactly the recorded keys', async () => {
    await using venue = await VenueSim.start({ ...OPTIONS, tradesPerSecond: 0, dataLagMs: 0 });
    const [market] = venue.openMarketList() as [MarketReference];
    venue.trade({ tokenId: market.tokenIds[0] });
    const read = async (url: string): Promise<unknown> => (await fetch(url)).json();
    const book = await read(`${venue.urls.clob}/book?token_id=${market.tokenIds[0]}`);
    expect(shape(book)).toEqual(shape(JSON.parse(readFixture('clob/polycopy-book.json'))));
    const { data } = (await read(`${venue.urls.data}/v2/trades`)) as { data: Json[] };
    const [row] = JSON.parse(readFixture('data/sdk-v2-trades-row.json')) as Json[];
    expect(shape(data[0])).toEqual(shape(row));
  });
});

/** The first event of each type from a busy venue. Books after a trade count as a separate type. */
async function oneOfEach(): Promise<Map<string, AnyEvent>> {
  await using venue = await VenueSim.start(OPTIONS);
  const markets = venue.openMarketList();
  const tokens = markets.flatMap((market) => market.tokenIds);
  await using client = await ChannelClient.subscribed(venue.urls.ws, tokens, { custom_feature_enabled: true });
  venue.openMarkets(1);
  venue.closeMarket(markets[0]?.conditionId ?? '');
  await client.until(() => client.frames.length > 2_000);
  const events = new Map<string, AnyEvent>();
  for (const event of client.events()) {
    // Skips exceptions: events that begin with their type, and trades without some field.
    if (Object.keys(event)[0] === 'event_type') continue;
    if (event.event_type === 'last_trade_price' && Object.keys(event).length < 9) continue;
    if (!events.has(typeOf(event))) events.set(typeOf(event), event);
  }
  return events;
}

function typeOf(event: AnyEvent): string {
  return event.event_type === 'book' && !('tick_size' in event) ? 'post-trade book' : String(event.event_type);
}

async function gammaDocuments(): Promise<{ open: Json[]; closed: Json[] }> {
  await using venue = await VenueSim.start({ ...OPTIONS, oddMarkets: 0, tradesPerSecond: 0 });
  for (const market of venue.openMarketList().slice(0, 5)) venue.closeMarket(market.conditionId);
  const read = async (closed: boolean): Promise<Json[]> => {
    const response = await fetch(`${venue.urls.gamma}/markets/keyset?limit=100&closed=${closed}`);
    return ((await response.json()) as { markets: Json[] }).markets;
  };
  return { open: await read(false), closed: await read(true) };
}

/** Keys in order, including those of nested objects and of the first element of lists. Lists of levels may be empty. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return typeof value[0] === 'object' ? [shape(value[0])] : 'list';
  if (typeof value !== 'object' || value === null) return 'value';
  return Object.entries(value).map(([key, inner]) => [key, key === 'event_message' ? 'message' : shape(inner)]);
}

/** Keys common to all documents, with the types of their values. */
function always(documents: readonly Json[]): [string, Set<string>][] {
  const [first = {}] = documents;
  return Object.keys(first)
    .filter((key) => documents.every((document) => key in document))
    .map((key) => [key, new Set(documents.map((document) => kindOf(document[key])))]);
}

function unheardOf(document: Json, recorded: readonly Json[], newer: readonly string[]): string[] {
  return Object.keys(document).filter((key) => !newer.includes(key) && !recorded.some((other) => key in other));
}

function missing(sample: Json, document: Json): string[] {
  return Object.keys(sample).filter((key) => !(key in document));
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'list' : typeof value;
}

function lines(path: string): AnyEvent[][] {
  const frames = readFixture(path).trimEnd().split('\n');
  return frames.map((frame) => [JSON.parse(frame) as AnyEvent | AnyEvent[]].flat());
}
