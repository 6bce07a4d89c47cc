import { OrderBook } from '../exchange/order-book.ts';
import { Prng } from '../exchange/prng.ts';
import { draftEvent, draftUpOrDown } from './event-catalogue.ts';
import type { EventDraft, MarketDraft } from './event-draft.ts';
import { priceGrid } from './price-grid.ts';
import type { SimEvent, SimMarket, SimToken } from './sim-market.ts';

/**
 * Invents markets from the seed alone: the n-th market of a seed has the same ids, question and book on every machine and in
 * every run. Only dates in questions and slugs follow the day of `startedAtMs`.
 */
export class MarketFactory {
  readonly #seed: string;
  readonly #shareOfV2: number;
  readonly #startedAtMs: number;
  readonly #eventSlugs = new Map<string, number>();
  readonly #marketSlugs = new Map<string, number>();
  #events = 0;
  #markets = 0;
  #gammaId = FIRST_GAMMA_ID;
  /** Markets of the last drafted event that were not returned yet. */
  #waiting: SimMarket[] = [];

  constructor({ seed, shareOfV2, startedAtMs }: { seed: string; shareOfV2: number; startedAtMs: number }) {
    this.#seed = seed;
    this.#shareOfV2 = shareOfV2;
    this.#startedAtMs = startedAtMs;
  }

  /** The next market of the initial listing: events of all kinds, some days old. */
  nextListed(): SimMarket {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) return waiting;
    const prng = new Prng(this.#seed, 'event', this.#events);
    const dayMs = Math.floor(this.#startedAtMs / DAY_MS) * DAY_MS;
    const createdAtMs = dayMs - prng.integer(1, 40 * 24 * 60) * 60_000;
    this.#waiting = this.#create(draftEvent(prng, dayMs), createdAtMs, prng);
    return this.nextListed();
  }

  /** A market that opens while the venue runs. Like most new markets it lasts five minutes. */
  nextOpened(nowMs: number): SimMarket {
    const prng = new Prng(this.#seed, 'event', this.#events);
    const slotMs = Math.ceil(nowMs / FIVE_MINUTES_MS) * FIVE_MINUTES_MS + prng.integer(0, 11) * FIVE_MINUTES_MS;
    const [market] = this.#create(draftUpOrDown(prng, slotMs), nowMs, prng);
    if (market === undefined) throw new Error('an event was drafted without a market');
    return market;
  }

  /** An unused Gamma id. */
  nextGammaId(): string {
    this.#gammaId += 1;
    return String(this.#gammaId);
  }

  #create(draft: EventDraft, createdAtMs: number, prng: Prng): SimMarket[] {
    this.#events += 1;
    const event: SimEvent = {
      id: String(FIRST_EVENT_ID + this.#events * 3),
      slug: unique(draft.slug, this.#eventSlugs),
      title: draft.title,
      description: draft.rules,
      category: draft.category,
      tags: draft.tags,
      negRisk: draft.negRisk,
      negRiskMarketId: `0x${prng.hex(62)}00`,
      feeType: draft.feeType,
      startAtMs: createdAtMs,
      endAtMs: draft.endAtMs,
    };
    return draft.markets.map((market) => this.#createMarket(market, event));
  }

  #createMarket(draft: MarketDraft, event: SimEvent): SimMarket {
    this.#markets += 1;
    const prng = new Prng(this.#seed, 'market', this.#markets);
    const isV2 = prng.chance(this.#shareOfV2);
    const v1 = conditionalTokenIds(prng);
    const v2 = positionIds(prng, event.negRisk);
    const own = isV2 ? v2 : v1;
    // Gamma also lists the ids of the other system for half of the v2 markets and a few v1 markets.
    const otherIds = prng.chance(isV2 ? 0.5 : 0.1) ? (isV2 ? v1 : v2).tokenIds : null;
    const grid = priceGrid(draft.tickSize);
    const market = {
      gammaId: this.nextGammaId(),
      conditionId: own.conditionId,
      questionId: `0x${prng.hex(64)}`,
      question: draft.question,
      slug: unique(draft.slug, this.#marketSlugs),
      groupItemTitle: draft.groupItemTitle,
      protocol: isV2 ? 'v2' : 'v1',
      otherIds,
      event,
      tickSize: draft.tickSize,
      feeRateBps: event.feeType === null || prng.chance(0.6) ? '0' : prng.pick(['25', '50', '1000']),
      // A few markets get most of the activity (a Pareto distribution with a finite mean).
      weight: (1 - prng.unit()) ** -0.8,
      flavour: prng.unit(),
      createdAtMs: event.startAtMs,
      endAtMs: event.endAtMs,
      book: new OrderBook(grid),
      bookChangedAtMs: null,
      fairTick: Math.min(grid.ticks - 3, Math.max(3, draft.fair * grid.ticks)),
      lastTrade: null,
      volumeMicro: 0,
      closed: null,
      steps: [],
    } as Omit<SimMarket, 'tokens'> as SimMarket;
    market.tokens = [
      token(market, own.tokenIds[0], draft.outcomes[0], 0),
      token(market, own.tokenIds[1], draft.outcomes[1], 1),
    ];
    return market;
  }
}

/** The venue appends a number to a slug that is taken. */
function unique(slug: string, slugs: Map<string, number>): string {
  const taken = slugs.get(slug) ?? 0;
  slugs.set(slug, taken + 1);
  return taken === 0 ? slug : `${slug}-${100 + taken}`;
}

function token(market: SimMarket, tokenId: string, outcome: string, outcomeIndex: 0 | 1): SimToken {
  return { tokenId, outcome, outcomeIndex, market };
}

/** Ids of a market in one of the venue's two position systems. */
type MarketIds = { conditionId: string; tokenIds: [string, string] };

/** Conditional tokens: a 32-byte condition and two unrelated uint256 token ids, most with 77 digits. */
function conditionalTokenIds(prng: Prng): MarketIds {
  return { conditionId: `0x${prng.hex(64)}`, tokenIds: [decimalOfHex(prng.hex(64)), decimalOfHex(prng.hex(64))] };
}

/**
 * Position manager: a 31-byte condition that begins with the module (1 binary, 2 neg-risk). A position id is the condition
 * followed by the outcome's index, so that the two ids differ by one.
 */
function positionIds(prng: Prng, negRisk: boolean): MarketIds {
  const condition = `${negRisk ? '02' : '01'}${prng.hex(60)}`;
  return {
    conditionId: `0x${condition}`,
    tokenIds: [decimalOfHex(`${condition}00`), decimalOfHex(`${condition}01`)],
  };
}

function decimalOfHex(digits: string): string {
  return BigInt(`0x${digits}`).toString();
}

const FIRST_GAMMA_ID = 3_200_000;
const FIRST_EVENT_ID = 700_000;
const DAY_MS = 86_400_000;
const FIVE_MINUTES_MS = 300_000;
